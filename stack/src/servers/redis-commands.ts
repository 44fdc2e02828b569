import { IN_THE_CLEAR, openSocket, type ServerAccess } from "./server-access.js";

const ANSWER_BYTES_MAX = 1024 * 1024;

/**
 * Sends one command to one Redis node, after a login where it takes one, and reads one answer that is a simple or
 * bulk string or a number.
 * @throws Error where the node answers with an error, or not within the bound.
 */
export function redisCommand(
  port: number,
  args: readonly string[],
  boundMs: number,
  access: ServerAccess = IN_THE_CLEAR,
): Promise<string> {
  const login = access.redisLogin;
  const commands = login === undefined ? [args] : [["AUTH", login.username, login.password], args];
  return new Promise((resolve, reject) => {
    const socket = openSocket(port, access, (ready) => ready.write(commands.map(encodeCommand).join("")));
    let received = Buffer.alloc(0);
    let answers = 0;
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${boundMs} ms`)), boundMs);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length > ANSWER_BYTES_MAX) socket.destroy(new Error("answer too long"));
      for (let answer = decodeAnswer(received); answer !== undefined; answer = decodeAnswer(received)) {
        received = received.subarray(answer.bytes);
        answers += 1;
        const isLast = answers === commands.length;
        if (answer.error === undefined && !isLast) continue;
        // Of the login's arguments one is a password.
        const what = isLast ? args.join(" ") : `the login of ${login?.username}`;
        if (answer.error === undefined) resolve(answer.text);
        else reject(new Error(`Redis on port ${port} refuses ${what}: ${answer.error}`));
        socket.destroy();
        return;
      }
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

/** The first answer, and how many bytes it takes; undefined where it is not complete yet. */
export function decodeAnswer(bytes: Buffer): { text: string; error?: string; bytes: number } | undefined {
  const lineEnd = bytes.indexOf("\r\n");
  if (lineEnd < 0) return undefined;
  const line = bytes.toString("utf8", 1, lineEnd);
  const afterLine = lineEnd + 2;
  switch (String.fromCharCode(bytes[0] ?? 0)) {
    case "+":
    case ":":
      return { text: line, bytes: afterLine };
    case "-":
      return { text: "", error: line, bytes: afterLine };
    case "$": {
      const end = afterLine + Number(line);
      if (bytes.length < end + 2) return undefined;
      return { text: bytes.toString("utf8", afterLine, end), bytes: end + 2 };
    }
    default:
      return { text: "", error: `an answer of another kind: ${line}`, bytes: afterLine };
  }
}
