import { setTimeout as pause } from "node:timers/promises";
import type { SeenAnswer } from "../oracle/index.js";
import type { AnsweredEvent } from "../oracle/judges/answers-client.js";
import { Random } from "./random.js";

/** So many questions are under way at once. */
const READERS = 4;
/** Between two questions of a reader. */
const PAUSE_MS = 50;
const REQUEST_BOUND_MS = 5_000;
/** Later than every event: what was true then is what is true now. */
const LATER_THAN_ALL = "2099-12-31T00:00:00Z";
const KEPT_MAX = 200_000;

/**
 * Asks the query service about users by chance, in turns for their latest, which comes from Redis, and for what was
 * true at a moment, which comes from the view.
 */
export class AnswersReader {
  readonly seen: SeenAnswer[] = [];
  readonly #baseUrl: string;
  readonly #users: readonly string[];
  readonly #random: Random;
  readonly #stopping = new AbortController();
  /** Empty before the first question. */
  readonly #running: Promise<void>[] = [];

  constructor(options: { baseUrl: string; users: readonly string[]; seed: number }) {
    this.#baseUrl = options.baseUrl;
    this.#users = options.users;
    this.#random = new Random(options.seed);
  }

  /** Asks from now on: the users should be there. */
  begin(): void {
    for (let reader = 0; reader < READERS; reader++) this.#running.push(this.#askUntilStopped(reader));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  /** @param first not all readers begin with the same kind of question */
  async #askUntilStopped(first: number): Promise<void> {
    for (let turn = first; !this.#stopping.signal.aborted && this.seen.length < KEPT_MAX; turn++) {
      const kind = turn % 2 === 0 ? "latest" : "as-of";
      this.seen.push(await this.#ask(this.#random.pick(this.#users), kind));
      await pause(PAUSE_MS);
    }
  }

  async #ask(user: string, kind: SeenAnswer["kind"]): Promise<SeenAnswer> {
    const askedAtMs = Date.now();
    const startedAtMs = performance.now();
    const query = kind === "as-of" ? `?at=${encodeURIComponent(LATER_THAN_ALL)}` : "";
    try {
      const signal = AbortSignal.timeout(REQUEST_BOUND_MS);
      const response = await fetch(`${this.#baseUrl}/v1/users/${encodeURIComponent(user)}${query}`, {
        signal,
      });
      const { event_id: eventId, sts } = (await response.json()) as AnsweredEvent;
      return {
        user,
        kind,
        askedAtMs,
        tookMs: performance.now() - startedAtMs,
        status: response.status,
        store: response.headers.get("x-data-source") ?? "",
        ...lagOf(response.headers.get("x-data-lag-seconds")),
        ...(typeof eventId === "string" && typeof sts === "string" ? { eventId, sts } : {}),
      };
    } catch (error) {
      const tookMs = performance.now() - startedAtMs;
      return { user, kind, askedAtMs, tookMs, status: 0, store: (error as Error).name };
    }
  }
}

/** It is told as a number, or as `unknown`. */
function lagOf(header: string | null): Pick<SeenAnswer, "lagSeconds"> {
  const lagSeconds = Number(header ?? "absent");
  return Number.isFinite(lagSeconds) ? { lagSeconds } : {};
}
