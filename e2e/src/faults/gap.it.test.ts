import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { KafkaTools } from "../harness/kafka-tools.js";
import { lastWordsOf } from "../harness/last-words.js";
import { requiredEnvironment, TestFleet } from "../harness/test-fleet.js";
import {
  complaintsAbout,
  foldAll,
  judgeAudit,
  judgeDeadLetters,
  judgeStates,
  readEvents,
  readRedisFleet,
  readSchemaTexts,
  readTopic,
  schemaIdsOf,
  USUAL_FUTURE_SKEW,
  type FleetJudgement,
  type TopicRecord,
} from "../oracle/index.js";
import { sampleFile } from "./sample-file.js";

jest.setTimeout(180_000);

const PARTITIONS = 2;
/** Records that go before any worker had them, of partition 0 alone. */
const GONE = 30;
const ROWS = 300;
/** A worker that stands still for the time of a replay and of Kafka's own tool stays in its group. */
const PATIENT = { LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: "60000" };

describe("records that are gone from the events topic before they were applied", () => {
  const brokers = requiredEnvironment("LASTKNOWN_KAFKA_BROKERS");
  const kafka = new KafkaTools(brokers);
  let fleet: TestFleet;
  afterEach(() => fleet?.close());

  const eventsTopic = (): string => `${fleet.name}.events`;
  const replay = async (seed: number): Promise<void> => {
    await fleet.replay(await sampleFile(fleet.folder, { users: 20, rows: ROWS, seed }));
  };
  /** The stores against these records alone: the topic itself no longer has all that was applied. */
  const judge = async (events: readonly TopicRecord[]): Promise<FleetJudgement> => {
    const schemas = await readSchemaTexts(requiredEnvironment("LASTKNOWN_REGISTRY_URL"), schemaIdsOf(events));
    const read = readEvents(events, schemas, PARTITIONS);
    const [audit = [], letters = []] = await Promise.all(
      ["audit", "dlq"].map((name) => readTopic({ brokers, topic: `${fleet.name}.${name}` })),
    );
    const redis = await readRedisFleet(requiredEnvironment("LASTKNOWN_REDIS_NODES"), fleet.name);
    const timelines = foldAll(read.arrivals, USUAL_FUTURE_SKEW);
    return {
      audit: judgeAudit({ events, read, audit, schemas, doublesAllowed: false }),
      deadLetters: judgeDeadLetters(events, read, letters),
      states: judgeStates(timelines, redis, { fleet: fleet.name, eventsTopic: eventsTopic() }),
    };
  };
  it("end the worker that is at work and the next, which say how many; with --accept-loss the rest is applied", async () => {
    fleet = await TestFleet.create({ prefix: "gap", partitions: PARTITIONS });
    const worker = await fleet.startWorker(PATIENT);
    await replay(31);
    const from = (await fleet.untilLag(({ lag }) => lag === 0)).partitions[0]?.committed ?? Number.NaN;
    await worker.process.kill("SIGSTOP");
    await replay(32);
    const { partitions } = await fleet.untilLag(() => true);
    const ends = new Map(partitions.map(({ partition, end }) => [partition, end]));
    const events = await readTopic({ brokers, topic: eventsTopic() }, ends);
    await kafka.deleteRecordsBefore(eventsTopic(), new Map([[0, from + GONE]]));

    const gone = `${GONE} records of ${eventsTopic()}/0, from offset ${from}, are gone before they were applied`;
    await worker.process.kill("SIGCONT");
    expect(await lastWordsOf(worker.process)).toContain(gone);
    const said = await lastWordsOf(fleet.start(["consume", "--operations-port", "0"]));
    expect(said).toContain(gone);
    expect(said).toContain("--accept-loss on");

    const accepting = await fleet.startWorker({ LASTKNOWN_ACCEPT_LOSS: "on" });
    await fleet.caughtUp();
    const told = accepting.process.stderr.lines.filter((line) => line.includes('"records are gone"'));
    expect(told.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: "error", partition: 0, from, gone: GONE },
    ]);
    const isGone = ({ partition, offset }: TopicRecord): boolean =>
      partition === 0 && offset >= from && offset < from + GONE;
    const left = events.filter((record) => !isGone(record));
    expect(left).toHaveLength(2 * ROWS - GONE);
    expect(complaintsAbout(await judge(left))).toEqual([]);
  });
});
