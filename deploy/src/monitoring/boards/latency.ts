import { BURN_WINDOWS, QUANTILES } from "../rules/recording-rules.js";
import type { Thresholds } from "../thresholds.js";
import type { Board, Panel, Query } from "./board.js";

/** How long it takes: to be visible, to be worked on, to be answered. */
export function latencyBoard(thresholds: Thresholds): Board {
  return {
    uid: "lastknown-latency",
    title: "lastknown: latency and freshness",
    description: "From append to visible, the work per record, and the answers: p50, p95 and p99.",
    panels: [...freshness(thresholds), ...work(), ...answers(thresholds)],
  };
}

function freshness({ freshWithinSeconds, freshPercentMin, fastBurnRate }: Thresholds): Panel[] {
  const budget = (100 - freshPercentMin) / 100;
  const shares = freshWithinSeconds.map((seconds): Panel => {
    return {
      title: `Visible within ${seconds} s`,
      description: `Share of an hour's records; the objective is ${freshPercentMin} %.`,
      form: "figure",
      unit: "percentunit",
      width: 12 / freshWithinSeconds.length,
      queries: [{ expr: `1 - lastknown:late:ratio_rate1h{within="${seconds}s"}`, legend: "of an hour" }],
    };
  });
  return [
    ...shares,
    {
      title: "Records that wait",
      description: "How long the oldest one that is not committed has waited, in the worst partition.",
      form: "figure",
      unit: "s",
      width: 12,
      queries: [{ expr: "lastknown:stream_lag_seconds:max", legend: "lag" }],
    },
    {
      title: "Freshness",
      description: "From a record's append to the events topic until its effect is visible in Redis.",
      form: "lines",
      unit: "s",
      width: 12,
      queries: quantilesOf("lastknown_freshness_seconds"),
    },
    {
      title: "Burn of the freshness budget",
      description: `1 uses the budget of late records up exactly; at ${fastBurnRate} in both short windows somebody is called.`,
      form: "lines",
      unit: "short",
      width: 12,
      limit: fastBurnRate,
      queries: BURN_WINDOWS.map((window) => ({
        expr: `lastknown:late:ratio_rate${window} / ${budget}`,
        legend: `{{within}}, over ${window}`,
      })),
    },
  ];
}

function work(): Panel[] {
  return [
    {
      title: "Processing time per record",
      description: "A batch's time divided by its records.",
      form: "lines",
      unit: "s",
      width: 12,
      queries: QUANTILES.map((quantile) => ({
        expr: `processing_latency_seconds{quantile="${quantile}"}`,
        legend: named(quantile),
      })),
    },
    {
      title: "Healing",
      description: "From noticing that Redis lacks something of a partition until it has all of it again.",
      form: "lines",
      unit: "s",
      width: 12,
      queries: quantilesOf("lastknown_healing_seconds"),
    },
  ];
}

function answers({ httpSecondsMax }: Thresholds): Panel[] {
  return QUANTILES.map((quantile) => ({
    title: `Answers, ${named(quantile)}`,
    description: "How long an HTTP answer took, by route.",
    form: "lines",
    unit: "s",
    width: 8,
    ...(quantile === "0.99" ? { limit: httpSecondsMax } : {}),
    queries: [
      {
        expr: `api_request_duration_seconds{quantile="${quantile}",route=~"/v1/.*"}`,
        legend: "{{route}}",
      },
    ],
  }));
}

function quantilesOf(histogram: string): Query[] {
  return QUANTILES.map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le) (rate(${histogram}_bucket[$__rate_interval])))`,
    legend: named(quantile),
  }));
}

function named(quantile: string): string {
  return `p${Number(quantile) * 100}`;
}
