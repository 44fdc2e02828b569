import { setTimeout as pause } from "node:timers/promises";
import type { SeenAnswer } from "../oracle/index.js";
import type { AnsweredEvent } from "../oracle/judges/answers-client.js";
import { Random } from "./random.js";

/** Between two questions. */
const PAUSE_MS = 15;
const REQUEST_BOUND_MS = 5_000;
/** Later than every event: asks the view what is true now. */
const LATER_THAN_ALL = "2099-12-31T00:00:00Z";
const KEPT_MAX = 200_000;

/** Asks the query service about one user after the other, in turns from Redis and from the view. */
export class AnswersReader {
  readonly seen: SeenAnswer[] = [];
  readonly #baseUrl: string;
  readonly #users: readonly string[];
  readonly #random: Random;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: { baseUrl: string; users: readonly string[]; seed: number }) {
    this.#baseUrl = options.baseUrl;
    this.#users = options.users;
    this.#random = new Random(options.seed);
    this.#running = this.#askUntilStopped();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #askUntilStopped(): Promise<void> {
    for (let turn = 0; !this.#stopping.signal.aborted && this.seen.length < KEPT_MAX; turn++) {
      this.seen.push(await this.#ask(this.#random.pick(this.#users), turn % 2 === 1));
      await pause(PAUSE_MS);
    }
  }

  async #ask(user: string, ofView: boolean): Promise<SeenAnswer> {
    const askedAtMs = Date.now();
    const startedAtMs = performance.now();
    const query = ofView ? `?at=${encodeURIComponent(LATER_THAN_ALL)}` : "";
    try {
      const signal = AbortSignal.timeout(REQUEST_BOUND_MS);
      const response = await fetch(`${this.#baseUrl}/v1/users/${encodeURIComponent(user)}${query}`, {
        signal,
      });
      const { event_id: eventId, sts } = (await response.json()) as AnsweredEvent;
      return {
        user,
        askedAtMs,
        tookMs: performance.now() - startedAtMs,
        status: response.status,
        store: response.headers.get("x-data-source") ?? "",
        ...lagOf(response.headers.get("x-data-lag-seconds")),
        ...(typeof eventId === "string" && typeof sts === "string" ? { eventId, sts } : {}),
      };
    } catch (error) {
      const tookMs = performance.now() - startedAtMs;
      return { user, askedAtMs, tookMs, status: 0, store: (error as Error).name };
    }
  }
}

/** It is told as a number, or as `unknown`. */
function lagOf(header: string | null): Pick<SeenAnswer, "lagSeconds"> {
  const lagSeconds = Number(header ?? "absent");
  return Number.isFinite(lagSeconds) ? { lagSeconds } : {};
}
