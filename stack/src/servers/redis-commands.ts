import { connect } from "node:net";
import { HOST } from "../stack-layout.js";

const ANSWER_BYTES_MAX = 1024 * 1024;

/**
 * Sends one command to one Redis node and reads one answer that is a simple or bulk string or a number.
 * @throws Error where the node answers with an error, or not within the bound.
 */
export function redisCommand(port: number, args: readonly string[], boundMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: HOST });
    let received = Buffer.alloc(0);
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${boundMs} ms`)), boundMs);
    socket.once("connect", () => socket.write(encodeCommand(args)));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length > ANSWER_BYTES_MAX) socket.destroy(new Error("answer too long"));
      const answer = decodeAnswer(received);
      if (answer === undefined) return;
      if (answer.error === undefined) resolve(answer.text);
      else reject(new Error(`Redis on port ${port} refuses ${args.join(" ")}: ${answer.error}`));
      socket.destroy();
    });
    socket.once("error", reject);
    socket.once("close", () => {
      clearTimeout(timer);
      reject(new Error("the connection was closed before the answer"));
    });
  });
}

export function encodeCommand(args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join("")}`;
}

/** Undefined where the answer is not complete yet. */
export function decodeAnswer(bytes: Buffer): { text: string; error?: string } | undefined {
  const lineEnd = bytes.indexOf("\r\n");
  if (lineEnd < 0) return undefined;
  const line = bytes.toString("utf8", 1, lineEnd);
  switch (String.fromCharCode(bytes[0] ?? 0)) {
    case "+":
    case ":":
      return { text: line };
    case "-":
      return { text: "", error: line };
    case "$": {
      const end = lineEnd + 2 + Number(line);
      if (bytes.length < end + 2) return undefined;
      return { text: bytes.toString("utf8", lineEnd + 2, end) };
    }
    default:
      return { text: "", error: `an answer of another kind: ${line}` };
  }
}
