import { request } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { json, text } from "node:stream/consumers";
import { Script } from "node:vm";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { silentLogger, userIdProblem } from "@lastknown/shared";
import fc from "fast-check";
import type { Answer } from "../answers/answer.js";
import type { Answers } from "../answers/answers.js";
import type { UserState } from "../answers/user-state.js";
import { boardForTest } from "../status/board-for-test.js";
import { createHttpServer } from "./http-server.js";
import type { RouteServer } from "./route-server.js";

/** A busy machine takes its time. */
jest.setTimeout(30_000);

/** Answers with what was asked, so that a test sees what came through the URL. */
const echo = {
  latest: (user: string) => Promise.resolve(answerAbout(user)),
  state: (user: string, moment: object) => Promise.resolve(answerAbout(user, moment)),
  history: (question: object) => {
    asked = question;
    return Promise.resolve({ source: "view", lag: 0, content: { items: [], cursor: null } });
  },
  explain: (question: object) => {
    asked = question;
    return Promise.reject(new TypeError("not asked for its answer"));
  },
  users: () => Promise.reject(new TypeError("a bug")),
} as unknown as Answers;
let asked: object | undefined;

function answerAbout(user: string, moment: object = {}): Answer<UserState> {
  asked = moment;
  const attributes = Object.assign(Object.create(null) as object, {
    ["__proto__"]: "kept",
    "a b": 1.5,
    flag: true,
  }) as UserState["attributes"];
  const source = { topic: "fleet.events", partition: 1, offset: 2 };
  const content = { user, timeStamp: 1, sts: -1, orderTime: 0, attributes, eventId: "0".repeat(32), source };
  return { source: "redis", lag: 1.25, content };
}

describe("the HTTP service", () => {
  let server: RouteServer;

  beforeAll(async () => {
    server = await createHttpServer({
      answers: echo,
      health: () => Promise.reject(new Error("not asked")),
      status: boardForTest(),
      observer: { answered: () => undefined },
      logger: silentLogger,
      requestTimeoutMs: 1500,
    });
    await server.listen({ host: "127.0.0.1", port: 0 });
  });
  afterAll(() => server.close());

  const get = (url: string) => server.inject({ method: "GET", url });

  test("prints a state in the documented shape", async () => {
    const answer = await get("/v1/users/bus");
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["x-data-source"]).toBe("redis");
    expect(answer.headers["x-data-lag-seconds"]).toBe("1.250");
    expect(answer.body).toBe(
      '{"user":"bus","time_stamp":"1970-01-01T00:00:00.000001Z","sts":"1969-12-31T23:59:59.999999Z",' +
        '"attributes":{"__proto__":"kept","a b":1.5,"flag":true},"event_id":"00000000000000000000000000000000",' +
        '"order_time":"1970-01-01T00:00:00.000000Z","source":{"topic":"fleet.events","partition":1,"offset":2},' +
        '"meta":{"source":"redis","lagSeconds":1.25,"consistency":"eventual"}}',
    );
  });

  test.each([
    "a/b",
    "{}",
    "..",
    ".",
    "-",
    "a\nb",
    "\u{1f68c}",
    "x".repeat(256),
    "\u{1f68c}".repeat(64),
    "/".repeat(256),
    "%2F",
    "100%",
    "a+b",
    "a b",
    "?",
    "#",
    "é",
    "e\u0301",
    ":user",
    "*",
    "history",
    "a/history",
    "%",
    "\u0001",
  ])("finds user %j by path, and by ?id=", async (user) => {
    const encoded = user === "." || user === ".." ? user.replaceAll(".", "%2E") : encodeURIComponent(user);
    expect((await rawGet(server, `/v1/users/${encoded}`)).user).toBe(user);
    expect((await rawGet(server, `/v1/users/-?id=${encodeURIComponent(user)}`)).user).toBe(user);
  });

  test("finds any legal user by path, and by ?id=", async () => {
    const legal = fc
      .string({ unit: "binary", minLength: 1, maxLength: 64 })
      .filter((id) => userIdProblem(id) === undefined);
    await fc.assert(
      fc.asyncProperty(legal, async (user) => {
        const encoded = encodeURIComponent(user).replaceAll(".", "%2E");
        expect((await rawGet(server, `/v1/users/${encoded}`)).user).toBe(user);
        expect((await rawGet(server, `/v1/users/-?id=${encodeURIComponent(user)}`)).user).toBe(user);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ["/v1/users/a?at=2024-03-10T12:00:00%2B02:00", { at: Date.UTC(2024, 2, 10, 10) * 1000 }],
    ["/v1/users/a?at=2024-03-10T12:00:00+02:00", { at: Date.UTC(2024, 2, 10, 10) * 1000 }],
    ["/v1/users/a?knownAt=2024-03-10T12:00:00.000001Z", { knownAt: Date.UTC(2024, 2, 10, 12) * 1000 + 1 }],
  ])("reads the time of %s", async (url, moment) => {
    expect((await get(url)).statusCode).toBe(200);
    expect(asked).toEqual({ at: undefined, knownAt: undefined, ...moment });
  });

  test("passes on every parameter of a history", async () => {
    await get(
      "/v1/users/a/history?from=1970-01-01T00:00:00Z&to=1970-01-01T00:00:01Z&verdict=stale&limit=7&cursor=c",
    );
    expect(asked).toEqual({ user: "a", from: 0, to: 1_000_000, verdict: "stale", limit: 7, cursor: "c" });
  });

  test.each([
    ["/v1/users/a?at=yesterday", "at"],
    ["/v1/users/a?at=2024-03-10T12:00:00", "at"],
    ["/v1/users/a?at=2024-03-10+12:00", "at"],
    ["/v1/users/a?at=2024-02-30T12:00:00Z", "at"],
    ["/v1/users/a?at=", "at"],
    ["/v1/users/a?knownAt=1700000000", "knownAt"],
    ["/v1/users/a?at=2024-03-10T12:00:00Z&at=2024-03-11T12:00:00Z", "at"],
    ["/v1/users/a?knownat=2024-03-10T12:00:00Z", "knownat"],
    ["/v1/users/a?__proto__=1", "__proto__"],
    ["/v1/users/a?id=b", "id"],
    ["/v1/users/-?id=", "id"],
    ["/v1/users/-?id=%FF", "id"],
    ["/v1/users/-?id=%00", "id"],
    ["/v1/users/-?%zz=1", "query"],
    ["/v1/users/a%00b", "user"],
    [`/v1/users/${"x".repeat(257)}`, "user"],
    ["/v1/users/a/history?verdict=good", "verdict"],
    ["/v1/users/a/history?limit=0", "limit"],
    ["/v1/users/a/history?limit=1001", "limit"],
    ["/v1/users/a/history?limit=1e2", "limit"],
    ["/v1/users/a/explain?limit=0", "limit"],
    ["/v1/users/a/explain?limit=1001", "limit"],
    ["/v1/users/a/explain?limit=few", "limit"],
    ["/v1/users/a/explain?cursor=c", "cursor"],
    ["/v1/users/a/history?from=now", "from"],
    ["/v1/users/a/history?to=now", "to"],
    ["/v1/users?at=2024-03-10T12:00:00Z", "at"],
  ])("refuses %s and names the field", async (url, field) => {
    const answer = await get(url);
    expect(answer.statusCode).toBe(400);
    expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(answer.headers["x-data-source"]).toBe("none");
    expect(answer.headers["x-data-lag-seconds"]).toBe("unknown");
    expect(answer.json()).toMatchObject({
      type: "urn:lastknown:problem:invalid-parameter",
      status: 400,
      field,
    });
  });

  test.each([
    ["/v1/users/%FF", "user"],
    ["/v1/users/%", "user"],
    ["/v1/users/%zz?at=x", "user"],
    ["/v1/users/%ED%A0%80/history", "user"],
    ["/v1/users/a/%zz", "path"],
    ["/%zz", "path"],
  ])("refuses %s, which is no legal URL, and names the field", async (url, field) => {
    const answer = await get(url);
    expect(answer.statusCode).toBe(400);
    expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(answer.headers["x-data-source"]).toBe("none");
    expect(answer.json()).toMatchObject({ type: "urn:lastknown:problem:invalid-url", status: 400, field });
  });

  test.each([
    [`/v1/users/${"x".repeat(257)}`, "user"],
    [`/v1/users/${"x".repeat(769)}`, "user"],
    [`/v1/users/${"x".repeat(5000)}/explain`, "user"],
    [`/v1/users/-?id=${"x".repeat(257)}`, "id"],
  ])("says of a user id that is too long that it is, and the limit", async (url, field) => {
    const answer = await get(url);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toEqual({
      type: "urn:lastknown:problem:invalid-parameter",
      title: "A parameter is wrong",
      status: 400,
      detail: "the user id is longer than 256 bytes",
      field,
    });
  });

  test.each([
    ["POST", "/v1/users/a"],
    ["PUT", "/v1/users/%2F?at=x"],
    ["DELETE", "/v1/users/a/history"],
    ["PATCH", "/v1/users"],
    ["OPTIONS", "/v1/users/a/explain"],
    ["TRACE", "/health"],
    ["POST", "/"],
  ])("answers %s %s with 405 and what is allowed, whatever its body", async (method, path) => {
    const body = method === "TRACE" ? "" : "{ no JSON";
    const head = `${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n`;
    const answer = await exchange(server, `${head}content-length: ${body.length}\r\n\r\n${body}`);
    expect(answer).toMatchObject({ status: 405, body: { type: "urn:lastknown:problem:method-not-allowed" } });
    expect(answer.headers.get("allow")).toBe("GET, HEAD");
    expect(answer.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    expect(answer.headers.get("x-data-source")).toBe("none");
  });

  test.each([
    ["headers that are too large", `GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, 431],
    ["a URL that is too large", `GET /${"y".repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
    ["what is no HTTP", "hello\r\n\r\n", 400],
    ["an unknown method", "FETCH / HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["a request that does not end", "GET / HTTP/1.1\r\nhost: x\r\n", 408],
  ])("answers %s as every other error, and closes", async (_what, request, status) => {
    const answer = await exchange(server, request);
    expect(answer).toMatchObject({ status, body: { status, title: expect.any(String) } });
    expect(answer.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    expect(answer.headers.get("connection")).toBe("close");
    expect(answer.headers.get("x-data-source")).toBe("none");
    expect(answer.headers.get("x-data-lag-seconds")).toBe("unknown");
  });

  test.each(["/v2", "/v1/users/", "/v1/users/a/b", "/v1/users/a/history/"])(
    "knows no other path: %s",
    async (url) => {
      const answer = await server.inject({ method: "POST", url });
      expect(answer.statusCode).toBe(404);
      expect(answer.json()).toMatchObject({ type: "urn:lastknown:problem:unknown-route" });
      expect(answer.headers["x-data-lag-seconds"]).toBe("unknown");
    },
  );

  test("tells nothing of what failed inside", async () => {
    const answer = await get("/v1/users");
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain("a bug");
    expect(answer.json()).toMatchObject({ type: "urn:lastknown:problem:internal" });
  });

  test("describes itself as OpenAPI 3.1", async () => {
    const api = (await get("/openapi.json")).json<{
      openapi: string;
      paths: Record<string, { get: { responses: object; parameters?: { name: string }[] } }>;
    }>();
    expect(api.openapi).toBe("3.1.0");
    expect(Object.keys(api.paths).sort()).toEqual([
      "/health",
      "/status",
      "/v1/users",
      "/v1/users/{user}",
      "/v1/users/{user}/explain",
      "/v1/users/{user}/history",
    ]);
    const { get: operation } = api.paths["/v1/users/{user}/history"] as {
      get: { responses: object; parameters: { name: string }[] };
    };
    expect(Object.keys(operation.responses)).toEqual(["200", "405", "503", "4XX", "5XX"]);
    expect(operation.parameters.map(({ name }) => name).sort()).toEqual([
      "cursor",
      "from",
      "id",
      "limit",
      "to",
      "user",
      "verdict",
    ]);
  });

  test("describes a parameter's words and bounds, which the page offers", async () => {
    const api = (await get("/openapi.json")).json<{
      paths: Record<string, { get: { parameters: { name: string; schema: object }[] } }>;
    }>();
    const schemaOf = (call: string, wanted: string) =>
      api.paths[`/v1/users/{user}/${call}`]?.get.parameters.find(({ name }) => name === wanted)?.schema;
    const words = { type: "string", enum: ["applied", "duplicate", "stale"] };
    expect(schemaOf("history", "verdict")).toMatchObject(words);
    const bounds = { type: "integer", minimum: 1, maximum: 1000 };
    expect(schemaOf("history", "limit")).toMatchObject({ ...bounds, default: 100 });
    expect((await get("/v1/users/a/history")).statusCode).toBe(200);
    expect(asked).toMatchObject({ limit: 100, verdict: undefined });
    expect(schemaOf("explain", "limit")).toMatchObject({ ...bounds, default: 5 });
    await get("/v1/users/a/explain");
    expect(asked).toMatchObject({ limit: 5 });
    await get("/v1/users/a/explain?limit=1000");
    expect(asked).toMatchObject({ user: "a", limit: 1000 });
  });

  test.each(["/docs", "/docs/"])("has a page at %s that loads nothing from elsewhere", async (path) => {
    const page = await get(path);
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(page.body).not.toMatch(/https?:\/\//);
    // A page whose script does not parse would stay empty.
    expect(() => new Script(/<script>(.*)<\/script>/s.exec(page.body)?.[1] ?? "(")).not.toThrow();
  });
});

/** Past the URL class, which would drop "." and "..": the request line is taken as it is. */
function rawGet(server: RouteServer, path: string): Promise<{ user?: string }> {
  const { port } = server.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      json(response).then((body) => resolve(body as { user?: string }), reject);
    });
    sent.on("error", reject);
    sent.end();
  });
}

interface Exchanged {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Sends bytes as they are and reads until the server closes; the body must be as long as its header says. */
async function exchange(server: RouteServer, request: string): Promise<Exchanged> {
  const { port } = server.server.address() as AddressInfo;
  const socket = connect({ host: "127.0.0.1", port });
  socket.write(request);
  const answer = await text(socket);
  const end = answer.indexOf("\r\n\r\n");
  const [first = "", ...lines] = answer.slice(0, end).split("\r\n");
  const headers = new Headers(lines.map((line) => line.split(": ", 2) as [string, string]));
  const body = answer.slice(end + 4);
  expect(headers.get("content-length")).toBe(String(Buffer.byteLength(body)));
  return { status: Number(first.split(" ")[1]), headers, body: JSON.parse(body) };
}
