import type { Thresholds } from "../thresholds.js";
import type { Board, Panel } from "./board.js";

/** Whether all is well, and where it is not. */
export function healthBoard(thresholds: Thresholds): Board {
  return {
    uid: "lastknown-health",
    title: "lastknown: health",
    description: "Lag, members, servers, answers and what had to be mended.",
    panels: [
      ...figures(thresholds),
      ...lag(thresholds),
      ...servers(),
      ...group(),
      ...answers(thresholds),
      ...mended(),
    ],
  };
}

function figures({ lagSecondsMax, viewLagSecondsMax, httpErrorsPercentMax }: Thresholds): Panel[] {
  return [
    {
      title: "Alerts",
      description: "That fire now. Each names its section of docs/runbooks.md.",
      form: "figure",
      unit: "short",
      width: 4,
      limit: 1,
      queries: [
        {
          expr: 'count(ALERTS{alertname=~"Lastknown.*",alertstate="firing"}) or vector(0)',
          legend: "firing",
        },
      ],
    },
    {
      title: "Lag",
      description: "How long the oldest record that is not committed has waited; none while unknown.",
      form: "figure",
      unit: "s",
      width: 5,
      limit: lagSecondsMax,
      queries: [{ expr: "lastknown:stream_lag_seconds:max", legend: "lag" }],
    },
    {
      title: "Workers in the group",
      description: "As Kafka says.",
      form: "figure",
      unit: "short",
      width: 5,
      queries: [{ expr: "sum(lastknown:members:max)", legend: "members" }],
    },
    {
      title: "View's lag",
      description: "Of the replica that is behind most.",
      form: "figure",
      unit: "s",
      width: 5,
      limit: viewLagSecondsMax,
      queries: [{ expr: "max(lastknown_view_lag_seconds)", legend: "lag" }],
    },
    {
      title: "Answers that failed",
      description: "Share of 5xx among all of five minutes.",
      form: "figure",
      unit: "percentunit",
      width: 5,
      limit: httpErrorsPercentMax / 100,
      queries: [
        {
          expr:
            'sum(rate(lastknown_query_answers_total{status="5xx",route=~"/v1/.*"}[5m])) / ' +
            '(sum(rate(lastknown_query_answers_total{route=~"/v1/.*"}[5m])) > 0)',
          legend: "5xx",
        },
      ],
    },
  ];
}

function lag({ lagSecondsMax }: Thresholds): Panel[] {
  return [
    {
      title: "Lag by partition",
      description: "How long the oldest record that is not committed has waited. A gap: unknown.",
      form: "lines",
      unit: "s",
      width: 12,
      limit: lagSecondsMax,
      queries: [{ expr: "stream_lag_seconds", legend: "{{partition}}" }],
    },
    {
      title: "Waiting records by partition",
      description: "Records that are not committed. A gap: unknown.",
      form: "bars",
      unit: "short",
      width: 12,
      queries: [{ expr: "consumer_group_pending", legend: "{{partition}}" }],
    },
    {
      title: "Why records wait",
      description: "Partitions by their main reason; docs/what-happens-if.md says what to do about each.",
      form: "bars",
      unit: "short",
      width: 24,
      queries: [
        {
          expr: 'count by (reason) (max by (partition, reason) (lastknown_consumer_lag_reason{reason!="none"}) == 1)',
          legend: "{{reason}}",
        },
      ],
    },
  ];
}

function servers(): Panel[] {
  return [
    {
      title: "Waiting for a server",
      description: "Processes whose work waits for it, or goes on without it.",
      form: "bars",
      unit: "short",
      width: 12,
      queries: [
        { expr: "sum by (job, server) (lastknown_waiting_on_server)", legend: "{{job}}: {{server}}" },
      ],
    },
    {
      title: "Failed calls per second",
      description: "Each after its client's own tries: unavailable, refused, or emptied.",
      form: "lines",
      unit: "cps",
      width: 12,
      queries: [
        {
          expr: "sum by (job, server, kind) (rate(lastknown_server_errors_total[$__rate_interval])) > 0",
          legend: "{{job}}: {{server}} {{kind}}",
        },
      ],
    },
  ];
}

function group(): Panel[] {
  return [
    {
      title: "Partitions by worker",
      description: "That it has now.",
      form: "bars",
      unit: "short",
      width: 8,
      queries: [{ expr: "sum by (instance) (lastknown_assigned_partitions)", legend: "{{instance}}" }],
    },
    {
      title: "Rebalances in 15 minutes",
      description: "Assignments that each worker was given. A few where workers come or go.",
      form: "lines",
      unit: "short",
      width: 8,
      queries: [
        { expr: "max by (instance) (increase(lastknown_rebalances_total[15m]))", legend: "{{instance}}" },
      ],
    },
    {
      title: "Commits per second",
      description: "stale: refused, as the assignment had ended; failed: tried again.",
      form: "lines",
      unit: "cps",
      width: 8,
      queries: [
        { expr: "sum by (outcome) (rate(lastknown_commits_total[$__rate_interval]))", legend: "{{outcome}}" },
      ],
    },
  ];
}

function answers({ viewLagSecondsMax }: Thresholds): Panel[] {
  const rate = (by: string): string =>
    `sum by (${by}) (rate(lastknown_query_answers_total[$__rate_interval])) > 0`;
  return [
    {
      title: "Answers per second by status",
      description: "Of all query services; 4xx is a question that cannot be answered, 5xx is ours.",
      form: "bars",
      unit: "reqps",
      width: 8,
      queries: [{ expr: rate("status"), legend: "{{status}}" }],
    },
    {
      title: "Answers per second by source",
      description: "Latest states come from Redis; from the view where Redis does not answer.",
      form: "bars",
      unit: "reqps",
      width: 8,
      queries: [{ expr: rate("source"), legend: "{{source}}" }],
    },
    {
      title: "View's lag by query service",
      description: "How long the oldest record that the view lacks has waited. A gap: unknown.",
      form: "lines",
      unit: "s",
      width: 8,
      limit: viewLagSecondsMax,
      queries: [{ expr: "max by (instance) (lastknown_view_lag_seconds)", legend: "{{instance}}" }],
    },
  ];
}

function mended(): Panel[] {
  return [
    {
      title: "Dead letters per second",
      description: "internal is our own failure; all other reasons are bad data.",
      form: "bars",
      unit: "cps",
      width: 8,
      queries: [
        {
          expr: "sum by (reason) (rate(lastknown_dead_letters_total[$__rate_interval])) > 0",
          legend: "{{reason}}",
        },
      ],
    },
    {
      title: "Buckets healed in 15 minutes",
      description: "Of which Redis had lost what it acknowledged, and has it again.",
      form: "bars",
      unit: "short",
      width: 8,
      queries: [{ expr: "sum(increase(lastknown_healed_buckets_total[15m]))", legend: "buckets" }],
    },
    {
      title: "Queued by worker",
      description: "Fetched and not yet done.",
      form: "lines",
      unit: "bytes",
      width: 8,
      queries: [{ expr: "sum by (instance) (lastknown_queue_bytes)", legend: "{{instance}}" }],
    },
  ];
}
