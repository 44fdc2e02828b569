import { exitCodes, FatalError } from "@lastknown/shared";

/** An answer about one user, in the members that commands read; the rest is passed on as it came. */
export interface StateAnswer {
  readonly user: string;
  readonly time_stamp: string;
  readonly sts: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly event_id: string;
  readonly order_time: string;
  readonly source: { readonly topic: string; readonly partition: number; readonly offset: number };
  readonly meta: { readonly source: string; readonly lagSeconds: number | null };
}

/** Which event won and which lost to it, in the members that commands read. */
export interface ExplanationAnswer {
  readonly user: string;
  readonly winner: JudgedAnswer;
  readonly lost: readonly (JudgedAnswer & {
    readonly reasons: readonly { readonly code: string; readonly text: string }[];
  })[];
  readonly arrivals: { readonly total: number; readonly considered: number };
}

export type JudgedAnswer = Omit<StateAnswer, "meta"> & {
  readonly verdict: string;
  readonly clamped: boolean;
  readonly repeated: boolean;
};

export interface AsOf {
  readonly at?: string | undefined;
  readonly knownAt?: string | undefined;
}

const REQUEST_TIMEOUT_MS = 30_000;
/** Attempts while the service asks to wait (503 with Retry-After), as it does until its view has caught up. */
const ATTEMPTS_MAX = 4;
const RETRY_DELAY_MAX_MS = 3000;

/** Asks the query service over HTTP. Every call is bounded in time. */
export class QueryClient {
  readonly #base: string;

  constructor(place: { host: string; port: number }) {
    this.#base = queryServiceUrl(place);
  }

  /** Throws FatalError: unreachable, or with what the service itself said (no such user, no state yet). */
  async state(user: string, asOf: AsOf = {}): Promise<StateAnswer> {
    return (await this.#ask(userUrl(user, "", asOf))) as unknown as StateAnswer;
  }

  /** Throws as `state` does. */
  async explain(user: string, asOf: AsOf = {}): Promise<ExplanationAnswer> {
    return (await this.#ask(userUrl(user, "/explain", asOf))) as unknown as ExplanationAnswer;
  }

  /** The address of a call, for a person to try. */
  address(path: string): string {
    return this.#base + path;
  }

  async #ask(path: string): Promise<Readonly<Record<string, unknown>>> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.#fetch(path);
      const body = await bodyOf(response);
      if (response.ok) return body;
      const retryAfterMs = Number(response.headers.get("retry-after") ?? Number.NaN) * 1000;
      if (response.status !== 503 || Number.isNaN(retryAfterMs) || attempt >= ATTEMPTS_MAX)
        throw refused(response.status, body);
      await new Promise((resolve) => setTimeout(resolve, Math.min(retryAfterMs, RETRY_DELAY_MAX_MS)));
    }
  }

  async #fetch(path: string): Promise<Response> {
    try {
      return await fetch(this.#base + path, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    } catch (cause) {
      throw new FatalError(`no query service answers at ${this.#base}`, {
        fix: "start one with lastknown query, or set LASTKNOWN_QUERY_PORT",
        exitCode: exitCodes.unreachable,
        cause,
      });
    }
  }
}

/** A path cannot carry `.` and `..`: they would vanish. Those ids go by `/v1/users/-?id=…`. */
export function userUrl(
  user: string,
  call: "" | "/history" | "/explain",
  parameters: Readonly<Record<string, string | undefined>> | AsOf,
): string {
  const inPath = user !== "." && user !== ".." && user !== "-";
  const search = new URLSearchParams();
  if (!inPath) search.set("id", user);
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.set(name, value);
  const query = search.size === 0 ? "" : `?${search.toString()}`;
  return `/v1/users/${inPath ? encodeURIComponent(user) : "-"}${call}${query}`;
}

/** The service's URL without a path. One that listens on all addresses is asked on this machine's own. */
export function queryServiceUrl({ host, port }: { host: string; port: number }): string {
  return `http://${reachable(host)}:${port}`;
}

function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

async function bodyOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const text = await response.text();
  try {
    return { ...(JSON.parse(text) as Record<string, unknown>) };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    return { detail: text.slice(0, 200) };
  }
}

function refused(status: number, body: Readonly<Record<string, unknown>>): FatalError {
  const { title, detail } = body;
  const said = [title, detail].filter((part) => typeof part === "string").join(": ");
  return new FatalError(`the query service answered ${status}: ${said}`, {
    fix: status < 500 ? "check the id and the times" : "see the service's log",
    exitCode: status === 400 ? exitCodes.usage : exitCodes.failed,
  });
}
