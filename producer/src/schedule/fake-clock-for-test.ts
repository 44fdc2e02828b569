import type { Clock } from "./clock.js";

/** A clock on which sleeping is all that takes time; everything else only where a test says so. */
export class FakeClock implements Clock {
  nowMs = 1_000_000;
  monotonicMs = (): number => this.nowMs;
  wallMs = (): number => this.nowMs;
  sleep = async (ms: number): Promise<void> => {
    this.nowMs += ms;
    await Promise.resolve();
  };
}
