import { USER_ID_BYTES_MAX } from "@lastknown/shared";
import { Problem } from "../answers/problem.js";

/** Fastify's name for a part of the path that is longer than any legal id can be. */
const TOO_LONG = "FST_ERR_MAX_PARAM_LENGTH";
const USER_PART = /^\/v1\/users\/([^/?#]*)/;

/** What is wrong with a URL that the router refuses, and with which part of it. */
export function urlProblem(cause: Error & { code?: string }, url: string): Problem {
  const user = USER_PART.exec(url)?.[1];
  if (cause.code === TOO_LONG) {
    const detail = `the user id is longer than ${USER_ID_BYTES_MAX} bytes`;
    return new Problem("invalid-parameter", detail, { field: "user", cause });
  }
  const field = user === undefined || isDecodable(user) ? "path" : "user";
  return new Problem("invalid-url", `${field} is not percent-encoded UTF-8`, { field, cause });
}

function isDecodable(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}
