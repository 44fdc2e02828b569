import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { fileURLToPath } from "node:url";
import { AuditTopic, type AuditRecord } from "./faults/audit-topic.js";
import { KafkaTools } from "./harness/kafka-tools.js";
import { requiredEnvironment, TestFleet, type QueryService } from "./harness/test-fleet.js";
import { complaintsAbout, judgeAnswers, printJudgement, recompute } from "./oracle/index.js";

jest.setTimeout(240_000);

const sample = fileURLToPath(new URL("../../sample/fleet.csv", import.meta.url));
const PARTITIONS = 4;
/** So many records of each partition are delivered twice. */
const REDELIVERED = 300;
const ENTRY_KEY_TAIL_BYTES = 28;

describe("an audit that redelivery has doubled and the broker has compacted", () => {
  const { arrivals, timelines } = recompute(sample);
  let fleet: TestFleet;
  let audit: AuditTopic;
  let sawAll: QueryService;
  let redelivered: readonly AuditRecord[];
  let before: readonly AuditRecord[];
  let after: readonly AuditRecord[];

  beforeAll(async () => {
    fleet = await TestFleet.create({ prefix: "compaction", partitions: PARTITIONS });
    audit = new AuditTopic(fleet.name);
    const [first, query] = await Promise.all([fleet.startWorker(), fleet.startQuery("saw-all")]);
    sawAll = query;
    await fleet.replay(sample);
    await fleet.caughtUp(sawAll);
    await first.stop();
    const kafka = new KafkaTools(requiredEnvironment("LASTKNOWN_KAFKA_BROKERS"));
    await kafka.shiftOffsetsBack(`${fleet.name}.worker`, `${fleet.name}.events`, REDELIVERED);
    await fleet.startWorker();
    await fleet.caughtUp(sawAll);
    redelivered = await audit.records();
    // What a former owner of the partitions still sends: arrivals, and the schema's copy, behind those after them.
    await audit.redeliverFirstHalf();
    before = await audit.records();
    await audit.compact();
    after = await audit.records();
    await fleet.caughtUp(sawAll);
  });

  afterAll(async () => {
    await Promise.all([fleet?.close(), audit?.close()]);
  });

  it("gets no second entry by the redelivery of what was applied", () => {
    expect(entriesOf(redelivered)).toHaveLength(arrivals.length);
  });

  it("had doubles and has none left, and its schema's copies stand behind their entries", () => {
    expect(entriesOf(before).length).toBeGreaterThan(arrivals.length * 1.4);
    expect(entriesOf(after)).toHaveLength(arrivals.length);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const own = after.filter((record) => record.partition === partition);
      const copy = own.findIndex(({ key }) => key.toString().startsWith("schema:"));
      const firstEntry = own.findIndex(isEntry);
      expect([firstEntry < copy, own.filter(isEntry).length > 0]).toEqual([true, true]);
    }
  });

  it("holds one entry per arrival, and the view that saw all of it before still answers right", async () => {
    const judgement = await fleet.judge({
      expected: arrivals,
      doublesAllowed: false,
      answers: { baseUrl: sawAll.baseUrl, questions: 1_000 },
    });
    expect(complaintsAbout(judgement)).toEqual([]);
  });

  it.each(["lmdb", "memory"])("gives a new view in %s the same answers and verdicts", async (view) => {
    const query = await fleet.startQuery(`new-${view}`, { LASTKNOWN_VIEW: view });
    await fleet.caughtUp(query);
    const judged = await judgeAnswers(timelines, { baseUrl: query.baseUrl, questions: 1_000 });
    expect(Object.values(judged).map(printJudgement)).toEqual([
      "2,000 of 2,000 right",
      `${timelines.size} of ${timelines.size} right`,
      "1,000 of 1,000 right",
    ]);
    await expectSameBodies(sawAll, query, [...timelines.keys()]);
    await query.stop();
  });
});

function entriesOf(records: readonly AuditRecord[]): AuditRecord[] {
  return records.filter(isEntry);
}

function isEntry({ key }: AuditRecord): boolean {
  return key.length > ENTRY_KEY_TAIL_BYTES;
}

/** Two services say the same about every user, sources included, in all that is no freshness. */
async function expectSameBodies(one: QueryService, other: QueryService, users: string[]): Promise<void> {
  for (const user of users) {
    for (const path of ["/history?limit=1000", "/explain"]) {
      const [said, saidToo] = await Promise.all([one, other].map(({ baseUrl }) => body(baseUrl, user, path)));
      expect(saidToo).toEqual(said);
    }
  }
}

async function body(baseUrl: string, user: string, path: string): Promise<unknown> {
  const response = await fetch(`${baseUrl}/v1/users/${encodeURIComponent(user)}${path}`);
  const { meta, ...content } = (await response.json()) as { meta: unknown };
  if (response.status !== 200 || meta === undefined) throw new Error(`${user}${path}: ${response.status}`);
  return content;
}
