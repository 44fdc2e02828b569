import { setTimeout as sleep } from "node:timers/promises";
import { metricsOf } from "../processes/metrics-of.mjs";

/** The query service's own count of arrivals that it has folded. */
export const ARRIVALS_ADDED = 'lastknown_view_entries_total{kind="added"}';

/** Looks at intervals how many arrivals the view holds, by the query service's own count of what it has folded. */
export class ViewWatch {
  #port;
  #everyMs;
  #sights = [];
  #isStopped = false;
  #looking = Promise.resolve();

  constructor(operationsPort, everyMs) {
    this.#port = operationsPort;
    this.#everyMs = everyMs;
  }

  start() {
    this.#looking = this.#lookUntilStopped();
    // Told by `stop`.
    this.#looking.catch(() => undefined);
  }

  /** From now on looks at shorter intervals: each look costs the query service some milliseconds of its work. */
  quicken(everyMs) {
    this.#everyMs = everyMs;
  }

  get arrivals() {
    return this.#sights.at(-1)?.arrivals ?? 0;
  }

  /** @returns {Promise<{ seenAtMs: number, arrivals: number }[]>} ascending */
  async stop() {
    this.#isStopped = true;
    await this.#looking;
    return this.#sights;
  }

  async #lookUntilStopped() {
    while (!this.#isStopped) {
      const arrivals = (await metricsOf(this.#port)).get(ARRIVALS_ADDED) ?? 0;
      if (arrivals > this.arrivals) this.#sights.push({ seenAtMs: Date.now(), arrivals });
      await sleep(this.#everyMs);
    }
  }
}
