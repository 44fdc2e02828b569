// What ends a script early: a signal, or the end of the program that started it.

import { constants } from "node:os";
import { whenParentIsGone } from "./parent.mjs";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** The reason of an interruption. */
export class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal @param {boolean} isOrphaned whether the signal stands for the parent's end */
  constructor(signal, isOrphaned) {
    super(isOrphaned ? "the program that started this one is gone" : `got ${signal}`);
    this.name = "Interrupted";
    this.isOrphaned = isOrphaned;
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * To be called before anything slow: whoever is orphaned before that cannot tell.
 * @returns {AbortSignal} aborted with an Interrupted, once
 */
export function interruptionOfThis() {
  const controller = new AbortController();
  const interrupt = (signal, isOrphaned) => controller.abort(new Interrupted(signal, isOrphaned));
  for (const signal of SIGNALS) process.on(signal, () => interrupt(signal, false));
  whenParentIsGone(() => interrupt("SIGTERM", true));
  return controller.signal;
}
