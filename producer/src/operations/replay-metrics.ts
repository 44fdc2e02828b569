import { LATENCY_BUCKETS_SECONDS, type Metrics } from "@lastknown/shared";
import { REJECTION_REASONS, type RejectionReason } from "../csv/rejection.js";

/** Looked up when the metrics are read. */
export interface ReplayGauges {
  readonly fileRows: () => number;
  /** NaN before the first row is acknowledged. */
  readonly publishedStsSeconds: () => number;
  readonly inFlightRecords: () => number;
}

export type ReplayMetrics = ReturnType<typeof createReplayMetrics>;

/** The metrics of one replay. Rows are counted per batch; none carries a user or a topic. */
export function createReplayMetrics(metrics: Metrics, gauges: ReplayGauges) {
  metrics.gauge({
    name: "lastknown_replay_file_rows",
    help: "Rows of the file that were read so far, below its header and rejected ones included.",
    collect: (gauge) => gauge.set(gauges.fileRows()),
  });
  metrics.gauge({
    name: "lastknown_replay_published_sts_seconds",
    help: "The moment (sts, since 1970) up to which rows are published, as they were sent; NaN before the first.",
    collect: (gauge) => gauge.set(gauges.publishedStsSeconds()),
  });
  metrics.gauge({
    name: "lastknown_replay_in_flight_records",
    help: "Records that were sent and are not acknowledged yet.",
    collect: (gauge) => gauge.set(gauges.inFlightRecords()),
  });
  return {
    publishedRows: metrics.counter({
      name: "lastknown_replay_published_rows_total",
      help: "Rows that the broker has acknowledged, with all before them.",
    }),
    publishedBytes: metrics.counter({
      name: "lastknown_replay_published_bytes_total",
      help: "Keys and values of these rows, uncompressed.",
    }),
    rejectedRows: metrics.counter<"reason">({
      name: "lastknown_replay_rejected_rows_total",
      help: "Rows that were not sent, by the reason of the rejection.",
      labels: { reason: REJECTION_REASONS satisfies readonly RejectionReason[] },
    }),
    driftSeconds: metrics.histogram({
      name: "lastknown_replay_drift_seconds",
      help: "Acknowledged minus planned moment of a row; none where nothing is planned (--speed max).",
      buckets: LATENCY_BUCKETS_SECONDS,
    }),
  };
}
