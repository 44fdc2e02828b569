import { readFileSync } from "node:fs";
import { ROOT } from "../root.js";

export const THRESHOLDS_FILE = "deploy/monitoring/thresholds.json";

/** Beyond what somebody is to be told; set in deploy/monitoring/thresholds.json. */
export interface Thresholds {
  /** How long the oldest record that is not committed may have waited while the lag grows. */
  readonly lagSecondsMax: number;
  readonly backlogRecordsMax: number;
  /** How long a partition that has records may stand still. */
  readonly stuckMinutes: number;
  readonly noMembersMinutes: number;
  readonly lagUnknownMinutes: number;
  /** Upper bounds of the objectives for freshness; each has to be a bucket's bound of `lastknown_freshness_seconds`. */
  readonly freshWithinSeconds: readonly number[];
  /** Of a hundred records, those that have to be fresh. */
  readonly freshPercentMin: number;
  /** How many times faster than allowed the budget of stale records may go, over an hour, and over six. */
  readonly fastBurnRate: number;
  readonly slowBurnRate: number;
  readonly deadLettersPercentMax: number;
  readonly viewLagSecondsMax: number;
  readonly viewBehindMinutes: number;
  /** Assignments that one worker may be given in a quarter of an hour. */
  readonly rebalancesMax: number;
  readonly httpErrorsPercentMax: number;
  /** Of the slowest answer in a hundred. */
  readonly httpSecondsMax: number;
  /** Where the runbooks are read: the page's address, as alerts are to name it. */
  readonly runbooks: string;
}

/** Whether a value can be one of this name. */
const CHECKS: Readonly<Record<keyof Thresholds, (value: unknown) => boolean>> = {
  lagSecondsMax: isPositive,
  backlogRecordsMax: isPositive,
  stuckMinutes: isMinutes,
  noMembersMinutes: isMinutes,
  lagUnknownMinutes: isMinutes,
  freshWithinSeconds: (value) => Array.isArray(value) && value.length > 0 && value.every(isPositive),
  freshPercentMin: (value) => isPositive(value) && Number(value) < 100,
  fastBurnRate: isPositive,
  slowBurnRate: isPositive,
  deadLettersPercentMax: isPositive,
  viewLagSecondsMax: isPositive,
  viewBehindMinutes: isMinutes,
  rebalancesMax: isPositive,
  httpErrorsPercentMax: isPositive,
  httpSecondsMax: isPositive,
  runbooks: (value) => typeof value === "string" && /^[^\s#]+$/.test(value),
};

export function readThresholds(): Thresholds {
  return parseThresholds(readFileSync(`${ROOT}${THRESHOLDS_FILE}`, "utf8"));
}

/** @throws Error that names every value that is missing, unknown or cannot be */
export function parseThresholds(text: string): Thresholds {
  const parsed = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const wrong = Object.entries(CHECKS).flatMap(([name, isPossible]) =>
    isPossible(parsed[name]) ? [] : [`${name} cannot be ${JSON.stringify(parsed[name])}`],
  );
  const unknown = Object.keys(parsed)
    .filter((name) => !(name in CHECKS))
    .map((name) => `${name} is no threshold`);
  const problems = [...wrong, ...unknown];
  if (problems.length > 0) throw new Error(`${THRESHOLDS_FILE}: ${problems.join("; ")}`);
  return parsed as unknown as Thresholds;
}

function isPositive(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}

function isMinutes(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0;
}
