import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { sampleFile } from "../faults/sample-file.js";
import { KafkaTools } from "../harness/kafka-tools.js";
import { requiredEnvironment, type TestFleet } from "../harness/test-fleet.js";
import { complaintsAbout, recompute, type FleetJudgement } from "../oracle/index.js";
import { ControlFleets } from "./control-fleets.js";
import { expectWrong } from "./expect-wrong.js";
import type { BuildChange } from "./product-copy.js";

jest.setTimeout(300_000);

/** Every batch of some records is answered MESSAGE_TOO_LARGE, partition by partition, and not a single record. */
const TAKES_LITTLE = { "max.message.bytes": "4000" };
const NOT_ACKNOWLEDGED = "kafka did not acknowledge all that was sent";

const IGNORES_WHAT_WAS_ANSWERED: BuildChange = {
  file: "shared/dist/kafka/batch-sender.js",
  from: "if (errorCode === 0)",
  to: "if (errorCode !== undefined)",
};

describe("batches that a broker answers it has not taken", () => {
  const tools = new KafkaTools(requiredEnvironment("LASTKNOWN_KAFKA_BROKERS"));
  const fleets = new ControlFleets();
  const something: unknown = expect.anything();

  afterEach(async () => fleets.close());

  const fleetThatTakesLittle = async (...topics: readonly string[]): Promise<TestFleet> => {
    const fleet = await fleets.create({ prefix: "refused" });
    for (const topic of topics) await tools.configureTopic(`${fleet.name}.${topic}`, TAKES_LITTLE);
    return fleet;
  };
  const sampleOf = (fleet: TestFleet): Promise<string> =>
    sampleFile(fleet.folder, { users: 100, rows: 1_000, seed: 8 });

  it("are sent again in parts until it has all of them", async () => {
    const fleet = await fleetThatTakesLittle("events", "audit");
    const file = await sampleOf(fleet);
    await fleet.replay(file);
    const worker = await fleet.startWorker();
    await fleet.caughtUp();
    expect(worker.process.stderr.end(Infinity)).toContain(NOT_ACKNOWLEDGED);
    const expected = recompute(file).arrivals;
    expect(complaintsAbout(await fleet.judge({ expected, doublesAllowed: true }))).toEqual([]);
  });

  it("are missed in the events topic where a replay does not compare answers with what it sent", async () => {
    const fleet = await fleetThatTakesLittle("events");
    const file = await sampleOf(fleet);
    const { bin } = await fleets.copyWith(IGNORES_WHAT_WAS_ANSWERED);
    const replay = fleet.start(["replay", file, "--speed", "max"], bin);
    expect(await replay.ended).toEqual({ exitCode: 0, signal: null });
    expectWrong(await fleet.judge({ expected: recompute(file).arrivals, doublesAllowed: true }), {
      events: { where: " row ", expected: something, actual: undefined },
    });
  });

  it("are missed in the audit where a worker does not", async () => {
    const fleet = await fleetThatTakesLittle("audit");
    await fleet.replay(await sampleOf(fleet));
    const { bin } = await fleets.copyWith(IGNORES_WHAT_WAS_ANSWERED);
    await fleet.startWorker({}, bin);
    await fleet.caughtUp();
    expectWrong(await fleet.judge({ doublesAllowed: true }), {
      audit: { where: "entry of", expected: something, actual: undefined },
    });
  });
});

/** Several requests for the rows of a small file. */
const SENDS_FEW_ROWS_AT_ONCE: BuildChange = {
  file: "producer/dist/publish/publisher.js",
  from: "const BATCH_RECORDS_MAX = 8000;",
  to: "const BATCH_RECORDS_MAX = 1000;",
};

/** Every third request breaks its connection before it is sent. */
const LOSES_REQUESTS: BuildChange = {
  file: "shared/dist/kafka/batch-sender.js",
  from: "const produced = await connection.send({",
  to: `this.sent = (this.sent ?? 0) + 1;
       if (this.sent % 3 === 1) {
         console.error("a request was lost");
         throw Object.assign(new Error("lost"), { name: "KafkaJSConnectionError" });
       }
       const produced = await connection.send({`,
};

const SENDS_NOTHING_AGAIN: BuildChange = {
  file: "shared/dist/kafka/batch-sender.js",
  from: `for (const { reject } of batches)
                reject(error);`,
  to: "for (const { resolve } of batches) resolve();",
};

/** Several batches of one partition under way at a time, as with a producer that sends concurrently. */
const SENDS_AT_ONCE: BuildChange = {
  file: "shared/dist/kafka/kafka-appender.js",
  from: "before === undefined ? work() : before.then(work)",
  to: "work()",
};

describe("requests that are lost on their way", () => {
  const rows = 6_000;
  const fleets = new ControlFleets();

  afterEach(async () => fleets.close());

  const judgeEventsAfterLosses = async (...changes: readonly BuildChange[]): Promise<FleetJudgement> => {
    const fleet = await fleets.create({ prefix: "lost" });
    const { bin } = await fleets.copyWith(SENDS_FEW_ROWS_AT_ONCE, LOSES_REQUESTS, ...changes);
    const file = await sampleFile(fleet.folder, { users: 50, rows, seed: 10 });
    const replay = fleet.start(["replay", file, "--speed", "max"], bin);
    expect(await replay.ended).toEqual({ exitCode: 0, signal: null });
    expect(replay.stderr.end(Infinity)).toContain("a request was lost");
    // A connection that breaks takes with it the answers to other requests, so that those too are sent again.
    const judgeEvents = { resumed: true };
    return fleet.judge({ expected: recompute(file).arrivals, judgeEvents, doublesAllowed: true });
  };

  it("cost nothing: all rows are there, and in order", async () => {
    const { events } = await judgeEventsAfterLosses();
    expect(events?.wrong).toEqual([]);
    expect(events?.checked).toBeGreaterThan(0.9 * rows);
  });

  it.each([
    ["nothing is sent again", SENDS_NOTHING_AGAIN],
    ["several batches of a partition are under way at once", SENDS_AT_ONCE],
  ])("are caught where %s", async (_what, change) => {
    const something: unknown = expect.anything();
    expectWrong(await judgeEventsAfterLosses(change), {
      events: { where: " row ", expected: something, actual: something },
    });
  });
});
