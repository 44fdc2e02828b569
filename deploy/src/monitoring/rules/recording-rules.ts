import type { RecordingRule, RuleGroup } from "./rule.js";

/** Prometheus 3 writes a bucket's bound as a float, earlier ones as it is told. */
function bound(seconds: number): string {
  return Number.isInteger(seconds) ? `${seconds}|${seconds}\\\\.0` : String(seconds).replace(".", "\\\\.");
}

export const QUANTILES = ["0.5", "0.95", "0.99"] as const;
/** The windows that the burn rates of freshness are looked at over. */
export const BURN_WINDOWS = ["5m", "30m", "1h", "6h"] as const;

/**
 * The short names, and what the alerts build on.
 *
 * What is not known is NaN in the services' metrics. It is left out here: a series ends while nothing is known, where
 * a NaN would make every sum, slope and maximum over time of it unknown too. Of what several query services tell
 * alike the greatest counts: the one that is behind the others knows less.
 */
export function recordingRules(freshWithinSeconds: readonly number[]): RuleGroup<RecordingRule>[] {
  return [
    { name: "lastknown-names", interval: "15s", rules: [...counters(), ...latencies(), ...lags()] },
    {
      name: "lastknown-freshness",
      interval: "15s",
      rules: freshWithinSeconds.flatMap((seconds) =>
        BURN_WINDOWS.map((window) => lateShare(seconds, window)),
      ),
    },
  ];
}

/** By worker still: summed counters would seem to start anew whenever one worker does. */
function counters(): RecordingRule[] {
  return [
    { record: "events_processed_total", expr: "lastknown_records_total" },
    {
      record: "event_type_count",
      expr: 'sum without (column, value) (label_replace(lastknown_counted_events_total, "event_type", "$1", "value", "(.*)"))',
    },
  ];
}

/** As a summary has them. `>= 0` leaves out quantiles of nothing. */
function latencies(): RecordingRule[] {
  const quantiles = (record: string, histogram: string, by: string): RecordingRule[] =>
    QUANTILES.map((quantile) => ({
      record,
      expr: `histogram_quantile(${quantile}, sum by (${by}) (rate(${histogram}_bucket[5m]))) >= 0`,
      labels: { quantile },
    }));
  return [
    ...quantiles("processing_latency_seconds", "lastknown_record_processing_seconds", "le"),
    ...quantiles("api_request_duration_seconds", "lastknown_query_answer_seconds", "le, route"),
  ];
}

function lags(): RecordingRule[] {
  const partition = "consumergroup, topic, partition";
  return [
    { record: "stream_lag_seconds", expr: "max by (partition) (lastknown_consumer_lag_seconds) >= 0" },
    { record: "lastknown:stream_lag_seconds:max", expr: "max(stream_lag_seconds)" },
    { record: "consumer_group_pending", expr: `max by (${partition}) (kafka_consumergroup_lag) >= 0` },
    {
      record: "lastknown:committed_offset",
      expr: `max by (${partition}) (kafka_consumergroup_current_offset) >= 0`,
    },
    {
      record: "lastknown:members:max",
      expr: "max by (consumergroup) (kafka_consumergroup_members) >= 0",
    },
  ];
}

/** Of the records that became visible, the share for which that took longer; nothing where there were none. */
function lateShare(seconds: number, window: string): RecordingRule {
  const all = `sum(rate(lastknown_freshness_seconds_count[${window}]))`;
  const fresh = `sum(rate(lastknown_freshness_seconds_bucket{le=~"${bound(seconds)}"}[${window}]))`;
  return {
    record: `lastknown:late:ratio_rate${window}`,
    expr: `(${all} - ${fresh}) / (${all} > 0)`,
    labels: { within: `${seconds}s` },
  };
}
