import type { Board, Panel } from "./board.js";

/** What comes: by an attribute, and by what it did to its user's state. */
export function breakdownBoard(): Board {
  return {
    uid: "lastknown-breakdown",
    title: "lastknown: what comes",
    description:
      "Events by the column that the workers' --count-by names, arrivals by verdict, and what is rejected.",
    panels: [...byValue(), ...byVerdict(), ...leftOut()],
  };
}

function byValue(): Panel[] {
  const rate = "sum by (event_type) (rate(event_type_count[$__rate_interval]))";
  return [
    {
      title: "Events per second by value",
      description: "Of the column that LASTKNOWN_COUNT_BY names; nothing where it names none.",
      form: "bars",
      unit: "cps",
      width: 12,
      queries: [{ expr: rate, legend: "{{event_type}}" }],
    },
    {
      title: "The ten most frequent values of an hour",
      description: "Counted when the audit has the entry; what healing applies again does not count.",
      form: "bars",
      unit: "short",
      width: 12,
      queries: [
        {
          expr: "topk(10, sum by (event_type) (increase(event_type_count[1h])))",
          legend: "{{event_type}}",
        },
      ],
    },
  ];
}

function byVerdict(): Panel[] {
  // Each replica folds everything.
  const live = 'max by (verdict) (rate(lastknown_view_arrivals_total{phase="live"}[$__rate_interval]))';
  return [
    {
      title: "Arrivals per second by verdict",
      description:
        "applied: the newest of its user; stale: older than what is known; duplicate: seen before.",
      form: "bars",
      unit: "cps",
      width: 12,
      queries: [{ expr: live, legend: "{{verdict}}" }],
    },
    {
      title: "Share of each verdict",
      description: "Of the arrivals that come now.",
      form: "lines",
      unit: "percentunit",
      width: 12,
      queries: [{ expr: `${live} / on () group_left () (sum(${live}) > 0)`, legend: "{{verdict}}" }],
    },
    {
      title: "The past, folded anew",
      description: "Arrivals per second while a view catches up, by query service.",
      form: "lines",
      unit: "cps",
      width: 12,
      queries: [
        {
          expr: 'sum by (instance) (rate(lastknown_view_arrivals_total{phase="catching-up"}[$__rate_interval]))',
          legend: "{{instance}}",
        },
      ],
    },
  ];
}

function leftOut(): Panel[] {
  return [
    {
      title: "Dead letters per second by reason",
      description: "What could not be read; lastknown dlq list shows it.",
      form: "bars",
      unit: "cps",
      width: 12,
      queries: [
        {
          expr: "sum by (reason) (rate(lastknown_dead_letters_total[$__rate_interval])) > 0",
          legend: "{{reason}}",
        },
      ],
    },
    {
      title: "Twice in the audit, or unreadable there",
      description:
        "Entries that a view had already, doubled by redelivery; and records that it had to leave out.",
      form: "lines",
      unit: "cps",
      width: 12,
      queries: [
        {
          expr: 'max(rate(lastknown_view_entries_total{kind="double"}[$__rate_interval]))',
          legend: "doubles",
        },
        {
          expr: "max by (reason) (rate(lastknown_view_unreadable_records_total[$__rate_interval])) > 0",
          legend: "unreadable: {{reason}}",
        },
      ],
    },
    {
      title: "Applied to Redis again",
      description: "Arrivals without a second entry: after a worker's death, and while Redis is healed.",
      form: "lines",
      unit: "cps",
      width: 12,
      queries: [
        {
          expr: "sum by (source) (rate(lastknown_reapplied_records_total[$__rate_interval]))",
          legend: "from {{source}}",
        },
      ],
    },
  ];
}
