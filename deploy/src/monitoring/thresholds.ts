import { readFileSync } from "node:fs";
import { LATENCY_BUCKETS_SECONDS } from "@lastknown/shared";
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
  freshWithinSeconds: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((bound) => LATENCY_BUCKETS_SECONDS.includes(bound)),
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

/** @throws ThresholdsError that names every value that is missing, unknown or cannot be */
export function parseThresholds(text: string): Thresholds {
  const parsed = parseJson(text);
  const wrong = Object.entries(CHECKS).flatMap(([name, isPossible]) =>
    isPossible(parsed[name]) ? [] : [`${name} cannot be ${JSON.stringify(parsed[name])}`],
  );
  const unknown = Object.keys(parsed)
    .filter((name) => !(name in CHECKS))
    .map((name) => `${name} is no threshold`);
  const problems = [
    ...wrong,
    ...unknown,
    ...(wrong.length > 0 ? [] : silentBurns(parsed as unknown as Thresholds)),
  ];
  if (problems.length > 0) throw new ThresholdsError(problems.join("; "));
  return parsed as unknown as Thresholds;
}

/** The file cannot be what was meant; the message names all that is wrong with it. */
export class ThresholdsError extends Error {
  override readonly name = "ThresholdsError";

  constructor(problems: string, options?: ErrorOptions) {
    super(`${THRESHOLDS_FILE}: ${problems}`, options);
  }
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new ThresholdsError(`not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** Burn rates at which all records would be late and more: an alert that can never come. */
function silentBurns(thresholds: Thresholds): string[] {
  const budget = (100 - thresholds.freshPercentMin) / 100;
  return (["fastBurnRate", "slowBurnRate"] as const)
    .filter((name) => thresholds[name] * budget >= 1)
    .map(
      (name) =>
        `${name} cannot be ${thresholds[name]} where freshPercentMin is ${thresholds.freshPercentMin}: ` +
        `it has to be below ${Math.round(100 / budget) / 100}, or no share of late records could ever reach it`,
    );
}

function isPositive(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}

function isMinutes(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0;
}
