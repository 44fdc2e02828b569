import { LATENCY_BUCKETS_SECONDS, ServerErrors, SERVERS, type Metrics, type Server } from "@lastknown/shared";
import { REJECTION_REASONS, type RejectionReason } from "./arrivals/rejection.js";
import { ColumnCounts } from "./pipeline/column-counts.js";

/** From a microsecond to a tenth of a second. */
const RECORD_BUCKETS_SECONDS = [
  0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05,
  0.1,
];

/** From one record to as many as a batch of all partitions may hold. */
const BATCH_BUCKETS_RECORDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000];

/** From a tenth of a second to two hours: a rebuild reads the whole audit. */
const HEALING_BUCKETS_SECONDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 7200];

export interface WorkerGauges {
  readonly queueBytes: () => number;
  readonly assignedPartitions: () => number;
  readonly waitingOn: () => readonly Server[];
}

export type WorkerMetrics = ReturnType<typeof createWorkerMetrics>;

/**
 * The metrics of one worker. All are counted once per batch; none carries a user, a topic or an offset.
 *
 * @param countBy the column by whose values events are counted, if they are
 */
export function createWorkerMetrics(metrics: Metrics, gauges: WorkerGauges, countBy?: string) {
  metrics.gauge({
    name: "lastknown_queue_bytes",
    help: "Fetched and not yet done, over all partitions.",
    collect: (gauge) => gauge.set(gauges.queueBytes()),
  });
  metrics.gauge({
    name: "lastknown_assigned_partitions",
    help: "Partitions that this worker has now.",
    collect: (gauge) => gauge.set(gauges.assignedPartitions()),
  });
  metrics.gauge({
    name: "lastknown_waiting_on_server",
    help: "1 while the work, or its start, waits for this server, or goes on though it is away.",
    labels: { server: SERVERS },
    collect: (gauge) => {
      const waitingOn = gauges.waitingOn();
      for (const server of SERVERS) gauge.set({ server }, waitingOn.includes(server) ? 1 : 0);
    },
  });
  const lastBatch = metrics.gauge({
    name: "lastknown_last_batch_timestamp_seconds",
    help: "When the last batch was done, since 1970; NaN before the first.",
  });
  lastBatch.set(Number.NaN);
  return {
    lastBatch,
    serverErrors: new ServerErrors(metrics, SERVERS),
    records: metrics.counter({
      name: "lastknown_records_total",
      help: "Records of the events topic that were worked on, redeliveries included.",
    }),
    auditEntries: metrics.counter({
      name: "lastknown_audit_entries_total",
      help: "Entries that the audit has acknowledged, doubles by redelivery included.",
    }),
    columnCounts: countBy === undefined ? undefined : new ColumnCounts(metrics, countBy),
    states: metrics.counter({
      name: "lastknown_state_updates_total",
      help: "Events that Redis wrote as their user's newest, and those that it did not, or was not asked about, as a newer one is known.",
      labels: { outcome: ["written", "skipped"] },
    }),
    deadLetters: metrics.counter<"reason">({
      name: "lastknown_dead_letters_total",
      help: "Dead letters by the reason of the rejection.",
      labels: { reason: REJECTION_REASONS satisfies readonly RejectionReason[] },
    }),
    batchRecords: metrics.histogram({
      name: "lastknown_batch_records",
      help: "Records of a batch, over all partitions that it was taken from.",
      buckets: BATCH_BUCKETS_RECORDS,
    }),
    batchSeconds: metrics.histogram({
      name: "lastknown_batch_seconds",
      help: "From taking a batch to its last effect acknowledged.",
      buckets: LATENCY_BUCKETS_SECONDS,
    }),
    recordSeconds: metrics.weightedHistogram({
      name: "lastknown_record_processing_seconds",
      help: "Processing time per record: a batch's time divided by its records, observed once per record.",
      buckets: RECORD_BUCKETS_SECONDS,
    }),
    freshnessSeconds: metrics.weightedHistogram({
      name: "lastknown_freshness_seconds",
      help: "From a record's append to the events topic until its effect is visible in Redis.",
      buckets: LATENCY_BUCKETS_SECONDS,
    }),
    commits: metrics.counter({
      name: "lastknown_commits_total",
      help: "Commits: taken, refused as the assignment had ended, or failed and to be tried again.",
      labels: { outcome: ["committed", "stale", "failed"] },
    }),
    rebalances: metrics.counter({
      name: "lastknown_rebalances_total",
      help: "Assignments that this worker was given.",
    }),
    unprotectedWrites: metrics.counter({
      name: "lastknown_unprotected_writes_total",
      help: "Buckets written to Redis that no replica is known to have: too late, or the node has none.",
    }),
    healings: metrics.counter({
      name: "lastknown_healings_total",
      help: "Healings that began: a partition of which Redis had lost what it acknowledged.",
    }),
    healedBuckets: metrics.counter({
      name: "lastknown_healed_buckets_total",
      help: "Buckets of which Redis has again what it had lost.",
    }),
    healingSeconds: metrics.histogram({
      name: "lastknown_healing_seconds",
      help: "From noticing that Redis lacks something of a partition until it has all of it again.",
      buckets: HEALING_BUCKETS_SECONDS,
    }),
    reappliedRecords: metrics.counter<"source">({
      name: "lastknown_reapplied_records_total",
      help: "Arrivals applied to Redis again without a second audit entry, by where they were read.",
      labels: { source: ["events", "audit"] },
    }),
  };
}
