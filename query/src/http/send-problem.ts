import type { Logger } from "@lastknown/shared";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Problem } from "../answers/problem.js";
import { PROBLEM_ANSWERS, problemDetails } from "./problem-answers.js";
import { provenanceHeaders } from "./provenance-headers.js";

export const PROBLEM_TYPE = "application/problem+json; charset=utf-8";
const CLIENT_ERRORS = { first: 400, last: 499 };

/** Answers with problem details, whatever was thrown. What nobody foresaw is logged and told without details. */
export function sendProblem(
  logger: Logger,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const problem = problemOf(error);
  const { status, retryAfterSeconds, allow } = PROBLEM_ANSWERS[problem.code];
  if (status >= 500 && retryAfterSeconds === undefined) {
    logger.error("request failed", { url: shortened(request.url), error: problem.cause ?? problem });
  }
  if (retryAfterSeconds !== undefined) reply.header("retry-after", String(retryAfterSeconds));
  if (allow !== undefined) reply.header("allow", allow);
  reply
    .code(status)
    .headers(provenanceHeaders(problem.provenance))
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problemDetails(problem.code, problem.message, problem.field)));
}

/** An URL as a message may repeat it. */
export function shortened(url: string): string {
  const LENGTH_MAX = 200;
  return url.length <= LENGTH_MAX ? url : `${url.slice(0, LENGTH_MAX)}…`;
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const status = (error as { statusCode?: unknown }).statusCode;
  const isClients =
    typeof status === "number" && status >= CLIENT_ERRORS.first && status <= CLIENT_ERRORS.last;
  // What fastify itself refuses: a body that is no JSON, headers that are no HTTP.
  if (isClients) return new Problem("invalid-request", (error as Error).message, { cause: error });
  return new Problem("internal", "the service failed; its log tells more", { cause: error });
}
