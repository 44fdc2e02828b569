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
  /** How long one stream lasts at most. */
  readonly lifeMsMax?: number;
}

const LISTENERS_MAX = 50;
const BACKLOG_BYTES_MAX = 512 * 1024;
const HEARTBEAT_MS = 15_000;
/** Who reads nothing cannot be told from who does while the sockets take it, some 2 MB: its place is free after this. */
const LIFE_MS_MAX = 5 * 60_000;
/** Of its longest life, by which a stream may end earlier: so that those who came at once do not come back at once. */
const LIFE_JITTER = 0.2;
/** How long a listener waits before it comes back. */
const RETRY_MS = 2000;
/** The same where its stream has ended only because it has lasted long enough. */
const AGAIN_MS = 100;
const AGAIN = `retry: ${AGAIN_MS}\n\n${eventText("again", {})}`;

/**
 * The listeners of `/status/stream`: each gets the history at once, and then every snapshot, which is written once for
 * all of them. One that does not take what it is sent is dropped. Each ends after some minutes, with the event `again`:
 * whoever still listens opens another, and who does not keeps no place.
 */
export class StatusStreams {
  readonly #board: Pick<StatusBoard, "history" | "watch">;
  readonly #listenersMax: number;
  readonly #backlogBytesMax: number;
  readonly #heartbeatMs: number;
  readonly #lifeMsMax: number;
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
    this.#lifeMsMax = options.lifeMsMax ?? LIFE_MS_MAX;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /**
   * A stream of server-sent events: `history`, then `snapshot` after `snapshot`, and at last `again`.
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
    const lifeMs = this.#lifeMsMax * (1 - LIFE_JITTER * Math.random());
    const end = setTimeout(() => this.#endOne(listener, AGAIN), lifeMs);
    end.unref();
    listener.on("close", () => {
      clearTimeout(end);
      this.#remove(listener);
    });
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#begin();
    listener.push(`retry: ${RETRY_MS}\n\n${eventText("history", this.#board.history())}`);
    return listener;
  }

  /** Ends all of them, at once those that have not taken all that they were sent, and takes no more. */
  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) this.#endOne(listener);
  }

  #endOne(listener: Readable, lastText?: string): void {
    // Its place is free at once: who comes back by this may be here before its connection is closed.
    this.#remove(listener);
    // Its end would wait behind what it does not take.
    if (listener.readableLength > 0) {
      listener.destroy();
      return;
    }
    if (lastText !== undefined) listener.push(lastText);
    listener.push(null);
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
    if (!this.#listeners.delete(listener)) return;
    if (this.#listeners.size === 0) this.#end();
  }
}

/** JSON has no line breaks of its own, so one line of `data` holds it. */
function eventText(event: string, content: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(content)}\n\n`;
}
