import { once } from "node:events";
import { connect } from "node:net";

const CONNECT_BOUND_MS = 5000;
const ANSWER_BOUND_MS = 10_000;

/**
 * One Redis node asked for many keys at once, over a bare socket: the request is made once, the answers are digits.
 * A client library would cost the bench ten times as much, on the cores that it measures.
 */
export class RedisNode {
  #socket;
  #text = "";
  #answers = [];
  #wanted = 0;
  #settle = { resolve: () => undefined, reject: () => undefined };

  static async open(address) {
    const [host, port] = address.split(":");
    const socket = connect({ host, port: Number(port), noDelay: true });
    await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_BOUND_MS) });
    return new RedisNode(socket);
  }

  constructor(socket) {
    this.#socket = socket;
    socket.setEncoding("latin1").on("data", (text) => this.#take(text));
    socket.on("error", (error) => this.#settle.reject(error));
    socket.on("close", () => this.#settle.reject(new Error("a redis node closed the connection")));
  }

  /**
   * @param {string} request of `requestFor`
   * @returns {Promise<(string | null)[]>} each key's text, null where it is none, or an error's text after `-`
   */
  async ask(request, count) {
    this.#answers = [];
    this.#wanted = count;
    if (count === 0) return [];
    const answered = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    const timer = setTimeout(() => this.#settle.reject(new Error("redis does not answer")), ANSWER_BOUND_MS);
    this.#socket.write(request);
    try {
      return await answered;
    } finally {
      clearTimeout(timer);
    }
  }

  close() {
    this.#settle = { resolve: () => undefined, reject: () => undefined };
    this.#socket.destroy();
  }

  #take(text) {
    this.#text += text;
    let at = 0;
    while (this.#answers.length < this.#wanted) {
      const end = this.#text.indexOf("\r\n", at);
      if (end < 0) break;
      const head = this.#text.slice(at, end);
      if (head.startsWith("$") && head !== "$-1") {
        const from = end + 2;
        const to = from + Number(head.slice(1));
        if (this.#text.length < to + 2) break;
        this.#answers.push(this.#text.slice(from, to));
        at = to + 2;
      } else {
        this.#answers.push(head === "$-1" ? null : head);
        at = end + 2;
      }
    }
    this.#text = this.#text.slice(at);
    if (this.#answers.length === this.#wanted) this.#settle.resolve(this.#answers);
  }
}

/** @param {readonly (readonly string[])[]} commands each with its arguments */
export function requestFor(commands) {
  const part = (text) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
  return commands.map((command) => `*${command.length}\r\n${command.map(part).join("")}`).join("");
}
