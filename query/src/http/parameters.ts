import { parseIsoTime, userIdProblem, VERDICTS, type Micros, type Verdict } from "@lastknown/shared";
import type { Moment } from "../answers/newest-arrival.js";
import { Problem } from "../answers/problem.js";

/** A query string taken apart: each name once. */
export type Query = Readonly<Record<string, string>>;

/** How much a question may ask for, and what it gets where it does not say. */
export interface LimitBounds {
  readonly ifAbsent: number;
  readonly max: number;
}

/** Of the items of a page. */
export const PAGE_LIMIT: LimitBounds = { ifAbsent: 100, max: 1000 };
/** Of each kind of loser. */
export const LOSERS_LIMIT: LimitBounds = { ifAbsent: 5, max: 1000 };

/** The path's id, or for `-` the one given as `?id=`, for ids that a path cannot carry. */
export function userOf(pathId: string, query: Query): string {
  const isElsewhere = pathId === "-" && query["id"] !== undefined;
  const user = isElsewhere ? (query["id"] as string) : pathId;
  const problem = userIdProblem(user);
  if (problem !== undefined) {
    throw new Problem("invalid-parameter", problem, { field: isElsewhere ? "id" : "user" });
  }
  if (query["id"] !== undefined && !isElsewhere) throw wrong("id", "goes with /v1/users/- only");
  return user;
}

export function momentOf(query: Query): Moment {
  return { at: timeOf(query, "at"), knownAt: timeOf(query, "knownAt") };
}

/** An ISO 8601 time with its zone. */
export function timeOf(query: Query, field: string): Micros | undefined {
  const text = query[field];
  if (text === undefined) return undefined;
  const direct = parseIsoTime(text);
  // A "+" that was not encoded arrives as a space: the offset's sign is then the only thing that can be missing.
  const parsed =
    direct.kind === "invalid" ? parseIsoTime(text.replace(/ (\d{2}(?::?\d{2})?)$/, "+$1")) : direct;
  switch (parsed.kind) {
    case "instant":
      return parsed.micros;
    case "local":
      throw wrong(field, "has no zone: end it with Z or an offset such as %2B02:00");
    case "invalid":
      throw wrong(
        field,
        `is not a time such as 2024-03-10T12:00:00Z (${direct.kind === "invalid" ? direct.reason : parsed.reason})`,
      );
  }
}

export function verdictOf(query: Query): Verdict | undefined {
  const text = query["verdict"];
  if (text === undefined) return undefined;
  const verdict = VERDICTS.find((known) => known === text);
  if (verdict === undefined) throw wrong("verdict", `is none of ${VERDICTS.join(", ")}`);
  return verdict;
}

export function limitOf(query: Query, { ifAbsent, max }: LimitBounds): number {
  const text = query["limit"];
  if (text === undefined) return ifAbsent;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > max) throw wrong("limit", `is not a whole number from 1 to ${max}`);
  return limit;
}

function wrong(field: string, reason: string): Problem {
  return new Problem("invalid-parameter", `${field} ${reason}`, { field });
}
