import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { UNKNOWN_PROVENANCE } from "../answers/answer.js";
import type { ProblemCode } from "../answers/problem.js";
import { problemDetails, PROBLEM_ANSWERS } from "./problem-answers.js";
import { provenanceHeaders } from "./provenance-headers.js";
import { PROBLEM_TYPE } from "./send-problem.js";

/**
 * Answers what Node's HTTP parser refuses, of which no request comes into being: as every other answer, by hand,
 * and then closes the connection, since where the next request would begin cannot be known.
 */
export function answerParserError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable || isAnswering(socket)) {
    socket.destroy(error);
    return;
  }
  const { code, detail } = refusalOf(error);
  const { status } = PROBLEM_ANSWERS[code];
  const body = Buffer.from(JSON.stringify(problemDetails(code, detail, undefined)));
  const headers = {
    ...provenanceHeaders(UNKNOWN_PROVENANCE),
    "content-type": PROBLEM_TYPE,
    "content-length": String(body.length),
    date: new Date().toUTCString(),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`;
  socket.end(Buffer.concat([Buffer.from(head), body]), () => socket.destroy());
}

function refusalOf({ code, message }: Error & { code?: string }): { code: ProblemCode; detail: string } {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return { code: "headers-too-large", detail: "URL and headers together are longer than 16 KB" };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { code: "request-timed-out", detail: "the request was not there in time; send it as a whole" };
    default:
      return { code: "invalid-request", detail: `the request is not HTTP (${message})` };
  }
}

/** An answer that has begun would be spoilt by another one in its middle. */
function isAnswering(socket: Socket): boolean {
  const { _httpMessage: answer } = socket as Socket & { _httpMessage?: { headersSent?: boolean } | null };
  return answer?.headersSent === true;
}
