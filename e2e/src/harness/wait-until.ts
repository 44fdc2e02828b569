import { setTimeout as pause } from "node:timers/promises";

export interface WaitOptions {
  /** What is waited for, as it reads in the message of a failure. */
  readonly what: string;
  readonly boundMs: number;
  /** 100 by default. */
  readonly everyMs?: number;
}

/** Asks again and again until the answer is something; throws, naming what was waited for, past the bound. */
export async function waitUntil<Found>(
  ask: () => Found | undefined | Promise<Found | undefined>,
  { what, boundMs, everyMs = 100 }: WaitOptions,
): Promise<Found> {
  const deadline = performance.now() + boundMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`waited ${boundMs} ms in vain for ${what}`);
    await pause(everyMs);
  }
}
