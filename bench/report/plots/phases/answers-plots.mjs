import { minMedianMax } from "../../spread.mjs";
import { figure } from "../../table.mjs";
import { barOf, namedBarOf } from "../bar-of-runs.mjs";
import { barsPanel } from "../bars-panel.mjs";
import { cpuPanel } from "../cost-panels.mjs";

const KINDS = [
  ["latest", "latest"],
  ["as of a moment", "asOf"],
  ["20 of a history", "history"],
];
/** The greatest would press these flat; the table has it. */
const RANKS = ["p50", "p95", "p99"];

export function answersPlots({ answers: runs }, { seconds, ask }) {
  const offered = ask === undefined ? "" : `, ${figure(ask)} questions/s at even moments`;
  const { median } = minMedianMax(runs.map(({ load }) => load.rate));
  return {
    title: `Answers over 50 connections${offered}, at ${figure(median)} rows/s, ${seconds} s for each kind`,
    panels: [
      barsPanel({
        title: "Rate",
        unit: "answers per second",
        bars: KINDS.map(([label, kind]) => barOf(label, runs, ({ answers }) => answers[kind].perSecond)),
      }),
      barsPanel({
        title: "How long an answer takes",
        unit: `ms from the ${ask === undefined ? "question" : "planned moment"} to the whole answer`,
        bars: KINDS.flatMap(([label, kind]) =>
          RANKS.map((rank) => namedBarOf(label, rank, runs, ({ answers }) => answers[kind].waits[rank])),
        ),
      }),
      cpuPanel([{ label: "all kinds", runs }], { of: "second" }),
    ],
    measured: runs,
  };
}
