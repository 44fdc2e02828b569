import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import type { Service } from "../harness/lastknown.js";
import { TestFleet, type QueryService } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { complaintsAbout, recompute } from "../oracle/index.js";
import { AuditTopic } from "./audit-topic.js";
import { freezeInMidBatch, workUnderWay } from "./frozen-worker.js";
import { readMetric } from "./read-metrics.js";
import { sampleFile } from "./sample-file.js";

jest.setTimeout(300_000);

const PARTITIONS = 8;
const BATCH_RECORDS_MAX = 10;
/** Small batches and rare commits: the kill finds a worker that has done much and committed little of it. */
const SMALL_BATCHES = {
  LASTKNOWN_WORKER_BATCH_RECORDS_MAX: String(BATCH_RECORDS_MAX),
  LASTKNOWN_WORKER_COMMIT_INTERVAL_MS: "1000",
  // Long enough that the frozen worker's partitions are still its own when they are looked at, on a busy machine too.
  LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: "15000",
};
const ASSIGNED = "lastknown_assigned_partitions";
const ASSIGNED_BOUND_MS = 60_000;

describe("one of three workers that is killed in mid-batch while a replay runs", () => {
  let fleet: TestFleet | undefined;
  let workers: Service[] = [];
  let query: QueryService | undefined;

  beforeAll(async () => {
    const started = await TestFleet.create({
      prefix: "killed-worker",
      partitions: PARTITIONS,
      environment: SMALL_BATCHES,
    });
    fleet = started;
    const start = (): Promise<Service> => started.startWorker();
    [query, ...workers] = await Promise.all([started.startQuery(), start(), start(), start()]);
    await eachHasPartitions(workers);
  });

  afterAll(async () => fleet?.close());

  it("leaves nothing wrong behind: all is there, once, and the answers are right", async () => {
    const [victim] = workers;
    if (fleet === undefined || query === undefined || victim === undefined) throw new Error("no fleet");
    const file = await sampleFile(fleet.folder, { users: 50, rows: 16_000, seed: 13 });
    const replay = fleet.start(["replay", file, "--rate", "2500"]);

    await freezeInMidBatch(victim, 50);
    expect(replay.running).toBe(true);
    const work = await workUnderWay(fleet, victim);
    expect(work.partitions.length).toBeGreaterThan(0);
    expect(work.appliedNotCommitted).toBeGreaterThan(0);
    expect(work.waiting).toBeGreaterThan(0);
    await victim.process.kill("SIGKILL");

    expect(await replay.ended).toEqual({ exitCode: 0, signal: null });
    await fleet.caughtUp(query);
    const doubles = await compact(fleet);
    const ofVictim = work.partitions.map((partition) => doubles.get(partition) ?? 0);
    // Only what it had not applied can stand there twice: one batch of each of its partitions, and a schema's copy.
    expect(Math.max(...ofVictim)).toBeLessThanOrEqual(BATCH_RECORDS_MAX + 1);
    const judgement = await fleet.judge({
      expected: recompute(file).arrivals,
      doublesAllowed: false,
      answers: { baseUrl: query.baseUrl, questions: 2_000 },
    });
    expect(complaintsAbout(judgement)).toEqual([]);
  });
});

/** Resolves when the group has settled: nobody is without partitions, and each partition has one owner. */
async function eachHasPartitions(workers: readonly Service[]): Promise<void> {
  const settled = async (): Promise<true | undefined> => {
    const counts = await Promise.all(workers.map((worker) => readMetric(worker, ASSIGNED)));
    const total = counts.reduce((sum, count) => sum + count, 0);
    return Math.min(...counts) > 0 && total === PARTITIONS ? true : undefined;
  };
  await waitUntil(settled, { what: "partitions for each worker", boundMs: ASSIGNED_BOUND_MS });
}

async function compact(fleet: TestFleet): Promise<Map<number, number>> {
  const audit = new AuditTopic(fleet.name);
  try {
    return await audit.compact();
  } finally {
    await audit.close();
  }
}
