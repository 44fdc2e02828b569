import { once } from "node:events";
import { connect } from "node:net";

const CONNECT_BOUND_MS = 5000;
const ANSWER_BOUND_MS = 30_000;
const HEAD_END = "\r\n\r\n";
const STATUS = /^HTTP\/1\.1 (\d{3}) /;
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i;

/**
 * One connection that is kept, with one question at a time, over a bare socket: a client library would take several
 * times as much of the cores that are measured.
 */
export class HttpConnection {
  #socket;
  #text = "";
  #settle = { resolve: () => undefined, reject: () => undefined };

  static async open(port) {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_BOUND_MS) });
    return new HttpConnection(socket);
  }

  constructor(socket) {
    this.#socket = socket;
    socket.setTimeout(ANSWER_BOUND_MS, () => this.#settle.reject(new Error("no answer over HTTP")));
    // One character for each byte, as the head tells the length in bytes.
    socket.setEncoding("latin1").on("data", (text) => this.#take(text));
    socket.on("error", (error) => this.#settle.reject(error));
    socket.on("close", () => this.#settle.reject(new Error("the query service closed a connection")));
  }

  /** @returns {Promise<number>} the answer's status, when all of it is there */
  async ask(path) {
    const answered = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: bench\r\n\r\n`);
    return await answered;
  }

  close() {
    this.#settle = { resolve: () => undefined, reject: () => undefined };
    this.#socket.destroy();
  }

  #take(text) {
    this.#text += text;
    const headEnd = this.#text.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#text.slice(0, headEnd + 2);
    const end = headEnd + HEAD_END.length + Number(LENGTH.exec(head)?.[1] ?? 0);
    if (this.#text.length < end) return;
    this.#text = this.#text.slice(end);
    this.#settle.resolve(Number(STATUS.exec(head)?.[1] ?? 0));
  }
}
