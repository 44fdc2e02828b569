import { UNKNOWN_PROVENANCE, type Provenance } from "./answer.js";

/** Every way in which a question can go without an answer; http/ has the table from these to status codes. */
export const PROBLEM_CODES = [
  "invalid-parameter",
  "invalid-url",
  "invalid-request",
  "method-not-allowed",
  "request-timed-out",
  "headers-too-large",
  "unknown-route",
  "unknown-user",
  "no-state-yet",
  "state-not-known-yet",
  "view-not-ready",
  "replica-behind",
  "status-not-known",
  "too-many-listeners",
  "unreadable-event",
  "internal",
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

export interface ProblemOptions {
  /** The parameter that is wrong. */
  readonly field?: string;
  readonly provenance?: Provenance;
  readonly cause?: unknown;
}

/** The one error that HTTP handlers know. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly field: string | undefined;
  readonly provenance: Provenance;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.field = options.field;
    this.provenance = options.provenance ?? UNKNOWN_PROVENANCE;
  }
}
