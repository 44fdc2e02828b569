import type { TSchema } from "typebox";
import { DATA_SOURCES } from "../answers/answer.js";
import { METHODS_ALLOWED } from "./known-paths.js";
import { ProblemSchema } from "./schemas.js";

/** What /openapi.json says of the answers beside their bodies: status, media type and headers. */

/** Set by provenance-headers.ts. */
const provenance = {
  "X-Data-Source": {
    description: "which store answered; none where it did not come to that",
    type: "string",
    enum: [...DATA_SOURCES],
  },
  "X-Data-Lag-Seconds": {
    description:
      "how long the oldest record of the user's partition that the answering store lacks has waited; 0.000 if it lacks none, unknown if that cannot be known",
    type: "string",
    pattern: String.raw`^(\d+\.\d{3}|unknown)$`,
  },
};
const retryAfter = {
  "Retry-After": { description: "in seconds: when asking again may help", type: "integer", minimum: 1 },
};
const allow = {
  Allow: { description: "the methods that the path takes", type: "string", enum: [METHODS_ALLOWED] },
};

const refusal = (description: string, headers: object = {}) => ({
  description,
  headers: { ...provenance, ...headers },
  content: { "application/problem+json": { schema: ProblemSchema } },
});

/** How any call can be refused. */
const refusals = {
  405: refusal("The path does not take this method", allow),
  "4xx": refusal("The question is wrong, or there is nothing to answer it with"),
  "5xx": refusal("The service failed"),
};

/** The responses of a call that a store answers. */
export function storeResponses<Body extends TSchema>(body: Body) {
  return passingResponses(body, "The store cannot be asked now");
}

/** The responses of a call that may go without an answer for a while. */
export function passingResponses<Body extends TSchema>(body: Body, unavailable: string) {
  return { ...responses(body), 503: refusal(unavailable, retryAfter) };
}

/** The responses of a call that the service answers by itself. */
export function responses<Body extends TSchema>(body: Body) {
  return { 200: { ...body, headers: provenance, "x-response-description": "The answer" }, ...refusals };
}
