import { Readable } from "node:stream";
import { Problem } from "../answers/problem.js";
import type { StatusBoard } from "../status/status-board.js";

export interface StatusStreamsOptions {
  readonly board: Pick<StatusBoard, "history" | "watch">;
  /** Those beyond are refused. */
  readonly listenersMax?: number;
  /** Who has not taken so many bytes is dropped. */
  readonly backlogBytesMax?: number;
  readonly heartbeatMs?: number;
}

const LISTENERS_MAX = 50;
const BACKLOG_BYTES_MAX = 512 * 1024;
const HEARTBEAT_MS = 15_000;
/** How long a listener waits before it comes back. */
const RETRY_MS = 2000;

/**
 * The listeners of `/status/stream`: each gets the history at once, and then every snapshot, which is written once for
 * all of them. One that does not take what it is sent is dropped.
 */
export class StatusStreams {
  readonly #board: Pick<StatusBoard, "history" | "watch">;
  readonly #listenersMax: number;
  readonly #backlogBytesMax: number;
  readonly #heartbeatMs: number;
  readonly #listeners = new Set<Readable>();
  /** Set while anybody listens. */
  #heartbeat: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;
  #isClosed = false;

  constructor(options: StatusStreamsOptions) {
    this.#board = options.board;
    this.#listenersMax = options.listenersMax ?? LISTENERS_MAX;
    this.#backlogBytesMax = options.backlogBytesMax ?? BACKLOG_BYTES_MAX;
    this.#heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /**
   * A stream of server-sent events: `history`, then `snapshot` after `snapshot`.
   *
   * @throws Problem `too-many-listeners`
   */
  listen(): Readable {
    if (this.#isClosed || this.#listeners.size >= this.#listenersMax) {
      const detail = this.#isClosed
        ? "the service is stopping"
        : `${this.#listenersMax} listen already, and more may not; /status tells the same`;
      throw new Problem("too-many-listeners", detail);
    }
    // What is pushed waits inside until it is read.
    const listener = new Readable({ read: () => undefined });
    listener.on("close", () => this.#remove(listener));
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#begin();
    listener.push(`retry: ${RETRY_MS}\n\n${eventText("history", this.#board.history())}`);
    return listener;
  }

  /** Ends all of them, at once those that have not taken all that they were sent, and takes no more. */
  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) {
      // Its end would wait behind what it does not take.
      if (listener.readableLength > 0) listener.destroy();
      else listener.push(null);
    }
    this.#end();
  }

  #begin(): void {
    this.#unwatch = this.#board.watch((snapshot) => this.#tell(eventText("snapshot", snapshot)));
    this.#heartbeat = setInterval(() => this.#tell(": still here\n\n"), this.#heartbeatMs);
    this.#heartbeat.unref();
  }

  #end(): void {
    this.#unwatch?.();
    clearInterval(this.#heartbeat);
  }

  #tell(text: string): void {
    const bytes = Buffer.from(text);
    for (const listener of this.#listeners) {
      if (listener.readableLength + bytes.length > this.#backlogBytesMax) listener.destroy();
      else listener.push(bytes);
    }
  }

  #remove(listener: Readable): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size === 0) this.#end();
  }
}

/** JSON has no line breaks of its own, so one line of `data` holds it. */
function eventText(event: string, content: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(content)}\n\n`;
}
