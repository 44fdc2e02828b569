import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { silentLogger } from "@lastknown/shared";
import type { Provenance } from "../answers/answer.js";
import type { Answers } from "../answers/answers.js";
import { Problem } from "../answers/problem.js";
import type { StatusBoard } from "../status/status-board.js";
import { createHttpServer } from "./http-server.js";
import type { RouteServer } from "./route-server.js";

/** A busy machine takes its time. */
jest.setTimeout(30_000);

/** One response in /openapi.json, as far as the test asks. */
interface Described {
  readonly headers?: Record<string, { readonly schema: HeaderSchema }>;
  readonly content: object;
}

interface HeaderSchema {
  readonly type: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
}

type Responses = Record<string, Described>;

/** Those that the description names where they come; others, such as Content-Length, are HTTP's own. */
const TOLD_HEADERS = ["x-data-source", "x-data-lag-seconds", "retry-after", "allow"];

const PROVENANCE: Provenance = { source: "view", lag: 0.25 };

/** How each kind of response is provoked: what the stores do, and how it is asked. */
const WAYS = {
  "200": { outcome: () => Promise.resolve(answer), method: "GET", query: "" },
  "4XX": { outcome: () => Promise.resolve(answer), method: "GET", query: "?no-such-parameter=1" },
  "405": { outcome: () => Promise.resolve(answer), method: "POST", query: "" },
  "503": {
    outcome: () => Promise.reject(new Problem("view-not-ready", "not yet", { provenance: PROVENANCE })),
    method: "GET",
    query: "",
  },
  "5XX": { outcome: () => Promise.reject(new TypeError("a bug")), method: "GET", query: "" },
} as const;

const state = {
  user: "a",
  timeStamp: 0,
  sts: 0,
  orderTime: 0,
  attributes: {},
  eventId: "0".repeat(32),
  source: { topic: "f.events", partition: 0, offset: 0 },
};
/** Has what any of the answers has. */
const answer = {
  ...PROVENANCE,
  content: { ...state, items: [], users: [], cursor: null, winner: state, lost: [], arrivals: {} },
};

describe("/openapi.json", () => {
  let server: RouteServer;
  let paths: Record<string, { get: { responses: Responses } }>;
  let outcome: () => Promise<unknown> = WAYS["200"].outcome;

  beforeAll(async () => {
    const answers = Object.fromEntries(
      ["latest", "state", "history", "explain", "users"].map((call) => [call, () => outcome()]),
    );
    server = await createHttpServer({
      answers: answers as unknown as Answers,
      health: () => outcome() as Promise<never>,
      status: { snapshot: () => outcome() } as unknown as StatusBoard,
      observer: { answered: () => undefined },
      logger: silentLogger,
    });
    ({ paths } = (await server.inject("/openapi.json")).json<{ paths: typeof paths }>());
  });
  afterAll(() => server.close());

  test.each([
    ["/v1/users/{user}", Object.keys(WAYS)],
    ["/v1/users/{user}/history", Object.keys(WAYS)],
    ["/v1/users/{user}/explain", Object.keys(WAYS)],
    ["/v1/users", Object.keys(WAYS)],
    ["/health", ["200", "4XX", "405", "5XX"]],
    ["/status", Object.keys(WAYS)],
  ] as const)("describes every answer of %s as it comes", async (path, kinds) => {
    const responses = paths[path]?.get.responses ?? {};
    expect(Object.keys(responses).sort()).toEqual([...kinds].sort());
    for (const kind of kinds as (keyof typeof WAYS)[]) {
      const { method, query, ...way } = WAYS[kind];
      ({ outcome } = way);
      const { statusCode, headers } = await server.inject({
        method,
        url: path.replace("{user}", "a") + query,
      });
      const described = responses[kind];
      expect(kindOf(statusCode, responses)).toBe(kind);
      expect([kind, ...Object.keys(described?.content ?? {})]).toEqual([kind, mediaType(headers)]);
      const named = Object.entries(described?.headers ?? {});
      const coming = TOLD_HEADERS.filter((name) => headers[name] !== undefined);
      expect([kind, ...named.map(([name]) => name.toLowerCase()).sort()]).toEqual([kind, ...coming.sort()]);
      for (const [name, { schema }] of named) expectFits(String(headers[name.toLowerCase()]), schema);
    }
  });
});

/** The response that the description has for a status: its own, or else its class's. */
function kindOf(status: number, responses: Responses): string {
  return Object.hasOwn(responses, String(status)) ? String(status) : `${Math.floor(status / 100)}XX`;
}

function mediaType(headers: Readonly<Record<string, unknown>>): string | undefined {
  return String(headers["content-type"]).split(";")[0];
}

function expectFits(value: string, { type, enum: words = [value], pattern = "" }: HeaderSchema): void {
  expect(words).toContain(value);
  expect(value).toMatch(new RegExp(type === "integer" ? String.raw`^\d+$` : pattern));
}
