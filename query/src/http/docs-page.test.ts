import { createContext, runInContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { silentLogger } from "@lastknown/shared";
import type { Answers } from "../answers/answers.js";
import { Problem } from "../answers/problem.js";
import { DOCS_PAGE } from "./docs-page.js";
import { boardForTest } from "../status/board-for-test.js";
import { createHttpServer } from "./http-server.js";
import type { RouteServer } from "./route-server.js";

/** A busy machine takes its time. */
jest.setTimeout(30_000);

/** As much of a browser's element as the page uses. */
class FakeElement {
  readonly tag: string;
  readonly children: FakeElement[] = [];
  readonly classList = { toggle: () => undefined };
  textContent = "";
  value = "";
  name = "";
  required = false;
  submit: (event: { preventDefault(): void }) => void = () => undefined;

  constructor(tag: string) {
    this.tag = tag;
  }

  append(child: FakeElement | string): void {
    if (typeof child === "string") this.textContent += child;
    else this.children.push(child);
  }

  addEventListener(_type: string, listener: FakeElement["submit"]): void {
    this.submit = listener;
  }

  all(tag: string): FakeElement[] {
    const below = this.children.flatMap((child) => child.all(tag));
    return this.tag === tag ? [this, ...below] : below;
  }
}

describe("the page at /docs", () => {
  let server: RouteServer;
  const main = new FakeElement("main");
  const asked: string[] = [];

  beforeAll(async () => {
    server = await createHttpServer({
      answers: { latest: (user: string) => unknown(user), history: () => unknown("x") } as unknown as Answers,
      health: () => Promise.reject(new Error("not asked")),
      status: boardForTest(),
      observer: { answered: () => undefined },
      logger: silentLogger,
    });
    const about = new FakeElement("p");
    const document = {
      createElement: (tag: string) => new FakeElement(tag),
      querySelector: (selector: string) => (selector === "main" ? main : about),
    };
    const fetch = async (url: string): Promise<Response> => {
      asked.push(url);
      const { statusCode: status, statusMessage: statusText, headers, body } = await server.inject(url);
      return new Response(body, { status, statusText, headers: headers as Record<string, string> });
    };
    runInContext(
      /<script>(.*)<\/script>/s.exec(DOCS_PAGE)?.[1] ?? "",
      createContext({ document, fetch, URLSearchParams }),
    );
    await until(() => main.all("form").length === 6);
  });
  afterAll(() => server.close());

  /** Fills in the form of this number and gives what the page shows then. */
  const tried = async (number: number, values: Record<string, string>): Promise<string> => {
    const section = main.all("section")[number];
    for (const input of [...(section?.all("input") ?? []), ...(section?.all("select") ?? [])])
      input.value = values[input.name] ?? "";
    const output = section?.all("pre")[0];
    if (output !== undefined) output.textContent = "";
    section?.all("form")[0]?.submit({ preventDefault: () => undefined });
    await until(() => output?.textContent !== "");
    return output?.textContent ?? "";
  };

  test("has a form for every call, with its parameters, the one that must be given first", () => {
    const calls = main.all("section").map((section) => section.all("h2")[0]?.textContent);
    expect(calls).toEqual([
      "/v1/users/{user}",
      "/v1/users/{user}/history",
      "/v1/users/{user}/explain",
      "/v1/users",
      "/health",
      "/status",
    ]);
    const [history] = main.all("section").slice(1);
    const names = history?.all("label").map((label) => label.all("span")[0]?.textContent);
    expect(names).toEqual(["user", "id", "from", "to", "verdict", "limit", "cursor"]);
    expect(history?.all("input").map(({ required }) => required)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
    const words = history
      ?.all("select")[0]
      ?.all("option")
      .map(({ textContent }) => textContent);
    expect(words).toEqual(["", "applied", "duplicate", "stale"]);
  });

  test("asks for any id as it is, also for those that a path cannot carry, and shows the answer", async () => {
    const shown = await tried(0, { user: "a/b é" });
    expect(asked.at(-1)).toBe("/v1/users/a%2Fb%20%C3%A9");
    expect(shown).toMatch(/^GET \S+\n404 Not Found\nx-data-source: redis\nx-data-lag-seconds: 0.000\n\n\{\n/);
    expect(shown).toContain("nobody is a/b é");
    expect(await tried(0, { user: ".." })).toContain("nobody is ..");
    expect(asked.at(-1)).toBe("/v1/users/-?id=..");
    await tried(1, { user: "a", verdict: "stale", limit: "3" });
    expect(asked.at(-1)).toBe("/v1/users/a/history?verdict=stale&limit=3");
  });
});

function unknown(user: string): Promise<never> {
  const provenance = { source: "redis", lag: 0 } as const;
  return Promise.reject(new Problem("unknown-user", `nobody is ${user}`, { provenance }));
}

async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    if (turns > 500) throw new Error("the page did not get that far");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
