import { setTimeout as sleep } from "node:timers/promises";
import { StackError } from "../stack-error.js";

const POLL_EVERY_MS = 50;

export interface WaitOptions {
  /** Completes the sentence "… did not happen within". */
  readonly what: string;
  readonly boundMs: number;
  /** Resolves to undefined when it is so, else to what is still lacking. */
  readonly lacking: () => Promise<string | undefined>;
  /** Throws where waiting has become pointless. */
  readonly stillPossible?: () => void;
}

/** Waits for a condition. @throws StackError `timeout` past the bound, with what was lacking last. */
export async function waitUntil(options: WaitOptions): Promise<void> {
  const startedMs = performance.now();
  for (;;) {
    const lacking = await options.lacking();
    if (lacking === undefined) return;
    options.stillPossible?.();
    if (performance.now() - startedMs > options.boundMs) {
      throw new StackError("timeout", `${options.what}: not within ${options.boundMs} ms: ${lacking}`);
    }
    await sleep(POLL_EVERY_MS);
  }
}
