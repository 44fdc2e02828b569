import type { ProblemCode } from "../answers/problem.js";
import { METHODS_ALLOWED } from "./known-paths.js";

export interface ProblemAnswer {
  readonly status: number;
  readonly title: string;
  /** Where asking again may help. */
  readonly retryAfterSeconds?: number;
  /** The methods that the path takes, for the header Allow. */
  readonly allow?: string;
}

/** From each code to what HTTP says. The types are URNs: their last part is the code. */
export const PROBLEM_ANSWERS: Readonly<Record<ProblemCode, ProblemAnswer>> = {
  "invalid-parameter": { status: 400, title: "A parameter is wrong" },
  "invalid-url": { status: 400, title: "The URL is not percent-encoded UTF-8" },
  "invalid-request": { status: 400, title: "The request is not one that this service takes" },
  "method-not-allowed": {
    status: 405,
    title: "The path does not take this method",
    allow: METHODS_ALLOWED,
  },
  "request-timed-out": { status: 408, title: "The request took too long to come" },
  "headers-too-large": { status: 431, title: "The request's head is too large" },
  "unknown-route": { status: 404, title: "There is nothing at this path" },
  "unknown-user": { status: 404, title: "The user is not known" },
  "no-state-yet": { status: 404, title: "The user had no state yet" },
  "state-not-known-yet": { status: 503, title: "The user's state is not known yet", retryAfterSeconds: 1 },
  "view-not-ready": { status: 503, title: "The view has not caught up", retryAfterSeconds: 2 },
  "replica-behind": {
    status: 503,
    title: "This replica is behind the list's first page",
    retryAfterSeconds: 1,
  },
  "status-not-known": { status: 503, title: "How the fleet stands is not known now", retryAfterSeconds: 1 },
  "too-many-listeners": { status: 503, title: "Too many listen already", retryAfterSeconds: 5 },
  "unreadable-event": { status: 500, title: "A stored event cannot be read" },
  internal: { status: 500, title: "Something failed" },
};

export function problemType(code: ProblemCode): string {
  return `urn:lastknown:problem:${code}`;
}

/** The problem details of RFC 9457; `field` is ours. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly field?: string;
}

export function problemDetails(code: ProblemCode, detail: string, field: string | undefined): ProblemDetails {
  const { status, title } = PROBLEM_ANSWERS[code];
  return { type: problemType(code), title, status, detail, ...(field === undefined ? {} : { field }) };
}
