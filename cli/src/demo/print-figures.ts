import { printCount, printMillis } from "../output/figures.js";
import { tableLines } from "../output/table.js";
import type { Spread } from "./percentiles.js";

/** The longest that a record may take from its planned arrival until it is visible. */
export const BUDGET_MS = 2000;

export interface Measured {
  /** undefined where nothing was measured. */
  readonly processing: Spread | undefined;
  readonly visible: Spread | undefined;
  /** From when a record was due: its planned arrival, or where nothing was planned its append. */
  readonly due: "planned arrival" | "append";
  /** Records that were replayed; those never seen to become visible are missing from `visible`. */
  readonly records: number;
  readonly lookEveryMs: number;
}

/** Whether every record was seen within the budget. */
export function budgetHeld({ visible, records }: Measured): boolean {
  return visible !== undefined && visible.count === records && (visible.max ?? Infinity) <= BUDGET_MS;
}

export function figureLines(measured: Measured): string[] {
  const { processing, visible, due, records, lookEveryMs } = measured;
  const columns = ["", "mean", "p50", "p95", "p99", "max"].map((title, index) => ({
    title,
    align: index === 0 ? ("left" as const) : ("right" as const),
  }));
  const rows = [
    ["processing time per record", ...spreadCells(processing)],
    [`${due} → visible in Redis`, ...spreadCells(visible)],
  ];
  const seen = visible === undefined ? 0 : visible.count;
  const verdict = budgetHeld(measured)
    ? `budget of ${BUDGET_MS / 1000} s per record: held by all ${printCount(records)}`
    : `budget of ${BUDGET_MS / 1000} s per record: NOT held (${printCount(seen)} of ${printCount(records)} seen)`;
  return [
    ...tableLines(columns, rows),
    verdict,
    `visible: watched in Redis from a third process every ${printMillis(lookEveryMs)},`,
    "so a figure may be too long by that much, never too short",
    "processing: the workers' own figures, from taking a batch until it is in audit",
    "and Redis, divided by its records; percentiles are upper bounds of buckets",
  ].map((line) => `  ${line}`);
}

function spreadCells(spread: Spread | undefined): string[] {
  if (spread === undefined) return ["-", "-", "-", "-", "-"];
  return [spread.mean, spread.p50, spread.p95, spread.p99, spread.max].map(cell);
}

function cell(millis: number | undefined): string {
  if (millis === undefined) return "-";
  return Number.isFinite(millis) ? printMillis(millis) : "off scale";
}
