import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { AuditTopic, type AuditRecord } from "./faults/audit-topic.js";
import { KafkaTools } from "./harness/kafka-tools.js";
import { requiredEnvironment, TestFleet } from "./harness/test-fleet.js";
import { complaintsAbout, recompute } from "./oracle/index.js";
import { locate, replayFlags, UPLINKS } from "./real-data-sets.js";

// Half a minute on a machine of its own; others may be at work on this one.
jest.setTimeout(400_000);

const PARTITIONS = 2;
/** So many records of each partition are delivered twice. */
const REDELIVERED = 3_000;
const ENTRY_KEY_TAIL_BYTES = 28;

describe(`real data, redelivered and compacted: ${UPLINKS.name}`, () => {
  const { path, present } = locate(UPLINKS);
  const itReal = present ? it : it.skip;
  let fleet: TestFleet | undefined;
  let audit: AuditTopic | undefined;

  beforeAll(async () => {
    if (!present) return;
    fleet = await TestFleet.create({ prefix: "real-data-compaction", partitions: PARTITIONS });
    audit = new AuditTopic(fleet.name);
    const worker = await fleet.startWorker();
    await fleet.replay(path, replayFlags(UPLINKS));
    await fleet.caughtUp();
    await worker.stop();
  });

  afterAll(async () => {
    await Promise.all([fleet?.close(), audit?.close()]);
  });

  itReal("keeps one entry per arrival, of which a new view gives every verdict and answer", async () => {
    if (fleet === undefined || audit === undefined) throw new Error("the fleet did not start");
    const kafka = new KafkaTools(requiredEnvironment("LASTKNOWN_KAFKA_BROKERS"));
    const once = (await entriesOf(audit)).length;
    await kafka.shiftOffsetsBack(`${fleet.name}.worker`, `${fleet.name}.events`, REDELIVERED);
    await fleet.startWorker();
    await fleet.caughtUp();
    // What was applied is in the audit already.
    expect((await entriesOf(audit)).length).toBe(once);
    // Behind the entries that come after them: what a former owner of the partitions still sends.
    await audit.redeliverFirstHalf();
    const doubles = [...(await audit.compact()).values()];
    expect(doubles).toHaveLength(PARTITIONS);
    expect(Math.min(...doubles)).toBeGreaterThan(REDELIVERED);

    const rebuilt = await fleet.startQuery();
    await fleet.caughtUp(rebuilt);
    const judgement = await fleet.judge({
      expected: recompute(path, UPLINKS.columns).arrivals,
      doublesAllowed: false,
      answers: { baseUrl: rebuilt.baseUrl, questions: 500, pageItems: 1_000 },
    });
    expect(complaintsAbout(judgement)).toEqual([]);
    const { events, audit: entries, states, answers } = judgement;
    const checked = [events, entries, states, answers?.history].map((judged) => judged?.checked);
    const { rows, users } = UPLINKS;
    expect(checked).toEqual([rows, expect.any(Number), users, rows]);
    expect(entries.checked).toBeGreaterThan(rows);
  });
});

/** Entries alone: each assignment writes the copies of its schemas anew. */
async function entriesOf(audit: AuditTopic): Promise<AuditRecord[]> {
  return (await audit.records()).filter(({ key }) => key.length > ENTRY_KEY_TAIL_BYTES);
}
