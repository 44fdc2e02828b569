import type { Readable, Writable } from "node:stream";

/** What one direction of a connection holds back at most; past it the sender has to wait, as on any network. */
export const HELD_BYTES_MAX = 256 * 1024;

interface Piece {
  /** Null for the end of what the sender sends. */
  readonly bytes: Buffer | null;
  readonly heldSinceMs: number;
  readonly dueMs: number;
}

export interface LaneOptions {
  readonly from: Readable;
  readonly to: Writable;
  /** What of a piece goes on; the rest is swallowed. */
  readonly pass: (bytes: Buffer) => Buffer;
  readonly delayMs: () => number;
  readonly onDelivered: (bytes: number, heldMs: number) => void;
}

/** One direction of a connection. Bytes keep their order, whatever they are delayed by. */
export class Lane {
  readonly #options: LaneOptions;
  #held: Piece[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isBlocked = false;

  constructor(options: LaneOptions) {
    this.#options = options;
    const { from, to } = options;
    from.on("data", (bytes: Buffer) => {
      const passed = options.pass(bytes);
      if (passed.length > 0) this.#hold(passed);
    });
    from.on("end", () => this.#hold(null));
    to.on("drain", () => {
      this.#isBlocked = false;
      this.#deliver();
    });
  }

  /** Forgets what it holds; the connection is gone. */
  close(): void {
    clearTimeout(this.#timer);
    this.#held = [];
  }

  #hold(bytes: Buffer | null): void {
    const nowMs = performance.now();
    const earliestMs = this.#held.at(-1)?.dueMs ?? 0;
    this.#held.push({
      bytes,
      heldSinceMs: nowMs,
      dueMs: Math.max(earliestMs, nowMs + this.#options.delayMs()),
    });
    this.#heldBytes += bytes?.length ?? 0;
    if (this.#heldBytes > HELD_BYTES_MAX) this.#options.from.pause();
    this.#deliver();
  }

  #deliver(): void {
    const { from, to, onDelivered } = this.#options;
    clearTimeout(this.#timer);
    while (!this.#isBlocked && !to.destroyed) {
      const [piece] = this.#held;
      if (piece === undefined) break;
      const waitMs = piece.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#deliver(), Math.ceil(waitMs));
        return;
      }
      this.#held.shift();
      if (piece.bytes === null) {
        to.end();
        break;
      }
      this.#heldBytes -= piece.bytes.length;
      onDelivered(piece.bytes.length, performance.now() - piece.heldSinceMs);
      this.#isBlocked = !to.write(piece.bytes);
    }
    if (this.#heldBytes <= HELD_BYTES_MAX && from.isPaused()) from.resume();
  }
}
