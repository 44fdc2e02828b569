import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { printMoment } from "../file/moment.js";
import type { Question } from "../meaning/timeline.js";

/** An answer of the query service. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** An item of a history, or an answer about one user, as far as it is judged. */
export interface AnsweredEvent {
  readonly user?: unknown;
  readonly time_stamp?: unknown;
  readonly sts?: unknown;
  readonly attributes?: unknown;
  readonly event_id?: unknown;
  readonly order_time?: unknown;
  readonly source?: { readonly topic?: unknown; readonly partition?: unknown; readonly offset?: unknown };
  readonly verdict?: unknown;
  readonly clamped?: unknown;
  readonly repeated?: unknown;
}

const REQUEST_BOUND_MS = 30_000;
const ATTEMPTS_MAX = 2;
/** What a connection says that ended before any answer; one that was refused, or was too slow, says something else. */
const ENDED_CODES: ReadonlySet<unknown> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);
/** A history longer than so many pages is no history of this judge's files. */
const PAGES_MAX = 1_000_000;

/** Asks the query service over HTTP. */
export class AnswersClient {
  readonly #baseUrl: string;

  /** @param baseUrl without a slash at its end, e.g. `http://127.0.0.1:8080` */
  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
  }

  /** The latest of a user, or what a question names. */
  async ask(user: string, question: Question = {}): Promise<Answer> {
    const parameters = new URLSearchParams();
    if (question.at !== undefined) parameters.set("at", printMoment(question.at));
    if (question.knownAt !== undefined) parameters.set("knownAt", printMoment(question.knownAt));
    return this.#get(user, "", parameters);
  }

  /** All items of a user's history, page by page; none of a user that is not known. Throws on any other answer. */
  async history(user: string, pageItems: number): Promise<AnsweredEvent[]> {
    const items: AnsweredEvent[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const parameters = new URLSearchParams({ limit: String(pageItems) });
      if (cursor !== null) parameters.set("cursor", cursor);
      const { status, body } = await this.#get(user, "/history", parameters);
      if (status === 404) return items;
      if (status !== 200) throw new Error(`history of ${user}: ${status} ${JSON.stringify(body)}`);
      const page = body as { items: AnsweredEvent[]; cursor: string | null };
      items.push(...page.items);
      if (page.cursor === null) return items;
      cursor = page.cursor;
    }
    throw new Error(`history of ${user} has more than ${PAGES_MAX} pages`);
  }

  async #get(user: string, path: string, parameters: URLSearchParams): Promise<Answer> {
    // A path cannot carry `.` and `..`, and `-` itself stands for "see the parameter".
    const inPath = ![".", "..", "-"].includes(user);
    if (!inPath) parameters.set("id", user);
    const url = `${this.#baseUrl}/v1/users/${inPath ? encodeURIComponent(user) : "-"}${path}?${parameters.toString()}`;
    const response = await fetchAgain(url);
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
  }
}

/**
 * A server may close a connection that is idle at the very moment at which it is used again: while this process is
 * busy judging, it does not even notice. Nothing was answered then, and asking changes nothing, so it may ask again.
 */
async function fetchAgain(url: string): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetch(url, { signal: AbortSignal.timeout(REQUEST_BOUND_MS) });
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !ENDED_CODES.has(causeCodeOf(error))) throw error;
      // Other connections that were closed meanwhile are noticed in this turn, and not used for the next attempt.
      await turnOfTheLoop();
    }
  }
}

function causeCodeOf(error: unknown): unknown {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code;
}
