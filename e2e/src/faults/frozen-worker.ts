import type { Service } from "../harness/lastknown.js";
import type { TestFleet } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { readRedisFleet } from "../oracle/index.js";
import { requiredEnvironment } from "../harness/test-fleet.js";
import { readMetrics } from "./read-metrics.js";

/** What a worker was about at the moment at which it was stopped, over all of its partitions. */
export interface WorkUnderWay {
  readonly partitions: readonly number[];
  /** Records applied in Redis that the group has not committed: these are redelivered to whoever comes after. */
  readonly appliedNotCommitted: number;
  /** Records of the topic that are not applied yet. */
  readonly waiting: number;
}

const RECORDS = "lastknown_records_total";
const COMMITS = 'lastknown_commits_total{outcome="committed"}';
const QUEUE_BYTES = "lastknown_queue_bytes";
const BUSY_BOUND_MS = 60_000;
const BUCKETS = 256;

/** Stops a worker with SIGSTOP when it has committed some, done more since, and has still more at hand. */
export async function freezeInMidBatch(worker: Service, recordsSinceCommitMin: number): Promise<void> {
  let atCommit = { commits: 0, records: 0 };
  await waitUntil(
    async () => {
      const metrics = await readMetrics(worker);
      const [records = 0, commits = 0] = [metrics.get(RECORDS), metrics.get(COMMITS)];
      if (commits !== atCommit.commits) atCommit = { commits, records };
      const isAhead = commits > 0 && records - atCommit.records >= recordsSinceCommitMin;
      return isAhead && (metrics.get(QUEUE_BYTES) ?? 0) > 0 ? true : undefined;
    },
    { what: "a worker with uncommitted work", boundMs: BUSY_BOUND_MS, everyMs: 5 },
  );
  await worker.process.kill("SIGSTOP");
}

/** Compares what a frozen worker has committed with what it has applied, as Kafka and Redis have it. */
export async function workUnderWay(fleet: TestFleet, worker: Service): Promise<WorkUnderWay> {
  const partitions = assignedPartitions(worker);
  const redis = await readRedisFleet(requiredEnvironment("LASTKNOWN_REDIS_NODES"), fleet.name);
  const { partitions: lags } = await fleet.untilLag(() => true);
  const work = { partitions, appliedNotCommitted: 0, waiting: 0 };
  for (const { partition, committed, end } of lags) {
    if (!partitions.includes(partition)) continue;
    const applied = appliedIn(partition, lags.length, redis.progress);
    work.appliedNotCommitted += applied - (committed ?? 0);
    work.waiting += end - applied;
  }
  return work;
}

/** A bucket's progress moves when one of its users has a record, so the furthest one tells the partition's. */
function appliedIn(partition: number, partitions: number, progress: ReadonlyMap<number, string>): number {
  const buckets = Array.from({ length: BUCKETS }, (_, bucket) => bucket);
  const own = buckets.filter((bucket) => bucket % partitions === partition);
  return Math.max(...own.map((bucket) => Number(progress.get(bucket) ?? 0)));
}

/** The partitions that the worker's log names last as its own. */
function assignedPartitions(worker: Service): number[] {
  const lines = worker.process.stderr.lines.filter((line) => line.includes('"partitions assigned"'));
  const { offsets } = JSON.parse(lines.at(-1) ?? '{"offsets":{}}') as { offsets: Record<string, number> };
  return Object.keys(offsets).map(Number);
}
