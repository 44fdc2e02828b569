import type { Board, Panel } from "./board.js";

const RATE = "sum(rate(events_processed_total[$__rate_interval]))";

/** How much is worked on, and whether that grows. */
export function throughputBoard(): Board {
  return {
    uid: "lastknown-throughput",
    title: "lastknown: throughput",
    description: "How many records the workers do, how that compares to before, and in which batches.",
    panels: [...figures(), ...trend(), ...batches()],
  };
}

function figures(): Panel[] {
  return [
    {
      title: "Records per second",
      description: "Worked on by all workers, redeliveries included.",
      form: "figure",
      unit: "cps",
      width: 6,
      queries: [{ expr: RATE, legend: "now" }],
    },
    {
      title: "Against an hour ago",
      description: "100 % where as many records are done now as then.",
      form: "figure",
      unit: "percentunit",
      width: 6,
      queries: [
        {
          expr: "sum(rate(events_processed_total[5m])) / (sum(rate(events_processed_total[5m] offset 1h)) > 0)",
          legend: "now / an hour ago",
        },
      ],
    },
    {
      title: "Waiting records",
      description: "In the events topic and not committed by the workers.",
      form: "figure",
      unit: "short",
      width: 6,
      queries: [{ expr: "sum(consumer_group_pending)", legend: "records" }],
    },
    {
      title: "Last batch",
      description: "How long ago any worker has done one. Grows where nothing comes.",
      form: "figure",
      unit: "s",
      width: 6,
      queries: [{ expr: "time() - max(lastknown_last_batch_timestamp_seconds)", legend: "ago" }],
    },
  ];
}

function trend(): Panel[] {
  return [
    {
      title: "Records per second, and the trend",
      description: "Of all workers: now, the mean of an hour, and the same moment of yesterday.",
      form: "lines",
      unit: "cps",
      width: 12,
      queries: [
        { expr: RATE, legend: "now" },
        { expr: "sum(rate(events_processed_total[1h]))", legend: "mean of an hour" },
        { expr: "sum(rate(events_processed_total[5m] offset 1d))", legend: "yesterday" },
      ],
    },
    {
      title: "Records per second by worker",
      description: "Alike where the partitions are divided evenly and users are many.",
      form: "bars",
      unit: "cps",
      width: 12,
      queries: [
        {
          expr: "sum by (instance) (rate(events_processed_total[$__rate_interval]))",
          legend: "{{instance}}",
        },
      ],
    },
  ];
}

function batches(): Panel[] {
  const quantile = (of: number, metric: string): string =>
    `histogram_quantile(${of}, sum by (le) (rate(${metric}_bucket[$__rate_interval])))`;
  return [
    {
      title: "Records per batch",
      description: "Larger ones cost less per record; they grow with the load.",
      form: "lines",
      unit: "short",
      width: 8,
      queries: [0.5, 0.95].map((of) => ({
        expr: quantile(of, "lastknown_batch_records"),
        legend: `p${of * 100}`,
      })),
    },
    {
      title: "Time per batch",
      description: "From taking a batch to its last effect acknowledged.",
      form: "lines",
      unit: "s",
      width: 8,
      queries: [0.5, 0.95, 0.99].map((of) => ({
        expr: quantile(of, "lastknown_batch_seconds"),
        legend: `p${of * 100}`,
      })),
    },
    {
      title: "Effects per second",
      description:
        "Entries of the audit, events that became their user's state in Redis, and those that did not, as a newer one is known.",
      form: "lines",
      unit: "cps",
      width: 8,
      queries: [
        { expr: "sum(rate(lastknown_audit_entries_total[$__rate_interval]))", legend: "audit entries" },
        {
          expr: "sum by (outcome) (rate(lastknown_state_updates_total[$__rate_interval]))",
          legend: "states {{outcome}}",
        },
      ],
    },
  ];
}
