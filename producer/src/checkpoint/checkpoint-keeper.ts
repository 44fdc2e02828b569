import type { Clock } from "../schedule/clock.js";
import type { Checkpoint, ReplayPosition } from "./checkpoint.js";

/** How much may be sent again after a crash. */
const SAVE_INTERVAL_MS = 1000;
/** With more, what follows counts as not done, and is sent again after a crash. */
const REFUSED_LINES_MAX = 10_000;

/** Saves a checkpoint now and then while rows are acknowledged, one save at a time. */
export class CheckpointKeeper {
  readonly #checkpoint: Checkpoint;
  readonly #clock: Clock;
  #lastSaveMs: number;
  #rowsDone = 0;
  readonly #refusedLines = new Set<number>();
  #saving: Promise<void> | undefined;
  #failure: { error: unknown } | undefined;

  constructor(checkpoint: Checkpoint, clock: Clock) {
    this.#checkpoint = checkpoint;
    this.#clock = clock;
    this.#lastSaveMs = clock.monotonicMs();
  }

  /** Notes that a row was too large to be sent: whoever goes on has to tell of it again. */
  noteRefused(line: number): void {
    this.#refusedLines.add(line);
  }

  /** Notes that so many rows are done, and saves it when the last save is long enough ago. */
  advance(rowsDone: number): void {
    if (this.#refusedLines.size > REFUSED_LINES_MAX) return;
    this.#rowsDone = Math.max(this.#rowsDone, rowsDone);
    const now = this.#clock.monotonicMs();
    if (this.#saving !== undefined || now - this.#lastSaveMs < SAVE_INTERVAL_MS) return;
    this.#lastSaveMs = now;
    this.#saving = this.#checkpoint
      .save(this.#position())
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#saving = undefined;
      });
  }

  /** Throws what a save in the background threw. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Saves what was noted last. */
  async finish(): Promise<void> {
    await this.#saving;
    this.check();
    await this.#checkpoint.save(this.#position());
  }

  #position(): ReplayPosition {
    // Those behind that many are not done.
    const refusedLines = [...this.#refusedLines].slice(0, REFUSED_LINES_MAX);
    return { rowsDone: this.#rowsDone, refusedLines };
  }
}
