import { VERDICTS, type Verdict } from "@lastknown/shared";
import type { Folded, FoldObserver } from "../folding/audit-folder.js";
import { DelayWindow, type DelayFigures } from "./delay-window.js";
import { Pace } from "./pace.js";

export interface FoldTallyOptions {
  /** Whether the view has caught up: what is folded before that says nothing about how fresh it is. */
  readonly isLive: () => boolean;
  /** Wall clock, for append times of brokers. */
  readonly nowMs?: () => number;
  readonly monotonicMs?: () => number;
}

/** The longest time over which delays are told. */
export const DELAYS_SECONDS_MAX = 60;
const PACE_SECONDS = 5;

/**
 * Counts what the view took in since the service was started: verdicts, as each arrival stood when it was folded,
 * and how long after its append to the events topic that was. After a rebuild the view is folded, and counted, anew.
 */
export class FoldTally implements Pick<FoldObserver, "folded" | "unreadable"> {
  readonly #options: FoldTallyOptions;
  readonly #nowMs: () => number;
  readonly #monotonicMs: () => number;
  readonly #delays: DelayWindow;
  readonly #pace = new Pace(PACE_SECONDS);
  readonly #verdicts: Record<Verdict, number> = { applied: 0, duplicate: 0, stale: 0 };
  #added = 0;
  #doubles = 0;
  #unreadable = 0;

  constructor(options: FoldTallyOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#delays = new DelayWindow(DELAYS_SECONDS_MAX, this.#monotonicMs);
  }

  folded({ added, verdicts, doubles }: Folded): void {
    const nowMs = this.#nowMs();
    for (const verdict of VERDICTS) this.#verdicts[verdict] += verdicts[verdict];
    if (this.#options.isLive()) for (const { appendedAtMs } of added) this.#delays.add(nowMs - appendedAtMs);
    this.#added += added.length;
    this.#doubles += doubles;
  }

  unreadable(): void {
    this.#unreadable++;
  }

  get verdicts(): Readonly<Record<Verdict, number>> {
    return { ...this.#verdicts };
  }

  /** Entries that the view had already, as after a redelivery. */
  get doubles(): number {
    return this.#doubles;
  }

  get unreadableRecords(): number {
    return this.#unreadable;
  }

  /** Arrivals taken in per second, over the last 5 s; to be asked for about once a second. */
  perSecond(): number | undefined {
    this.#pace.look(this.#monotonicMs(), this.#added);
    return this.#pace.perSecond;
  }

  /** From append to in view, over the last so many seconds. */
  delays(seconds: number): DelayFigures {
    return this.#delays.figures(seconds);
  }
}
