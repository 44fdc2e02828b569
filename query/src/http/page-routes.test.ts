import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { silentLogger } from "@lastknown/shared";
import type { Answers } from "../answers/answers.js";
import { boardForTest } from "../status/board-for-test.js";
import { createHttpServer } from "./http-server.js";
import { readPageFiles } from "./page-files.js";
import type { RouteServer } from "./route-server.js";

/** A busy machine takes its time. */
jest.setTimeout(30_000);

describe("the page at /", () => {
  let server: RouteServer;
  let paths: string[];

  beforeAll(async () => {
    server = await createHttpServer({
      answers: {} as Answers,
      health: () => Promise.reject(new Error("not asked")),
      status: boardForTest(),
      observer: { answered: () => undefined },
      logger: silentLogger,
    });
    paths = [...(await readPageFiles()).keys()];
  });
  afterAll(() => server.close());

  test("comes with everything that it names, each of the right type", async () => {
    expect(paths).toEqual(expect.arrayContaining(["/", "/page/page.js", "/page/page.css", "/page/uplot.js"]));
    const types = { html: "text/html", css: "text/css", js: "text/javascript", svg: "image/svg+xml" };
    for (const path of paths) {
      const { statusCode, headers, body } = await server.inject(path);
      const type = types[(path === "/" ? "html" : path.split(".").at(-1)) as keyof typeof types];
      expect([path, statusCode, String(headers["content-type"]).split(";")[0]]).toEqual([path, 200, type]);
      const named = [
        ...body.matchAll(/(?:href|src)="(\/page\/[^"]+)"/g),
        ...(path.endsWith("uplot.js") ? [] : body.matchAll(/^import .* from "\.(\/[^"]+)"/gm)),
      ];
      for (const [, target = ""] of named)
        expect(paths).toContain(target.startsWith("/page/") ? target : `/page${target}`);
    }
  });

  test("allows nothing from elsewhere and nothing in its own text", async () => {
    const page = await server.inject("/");
    const policy = String(page.headers["content-security-policy"]);
    expect(policy).toMatch(/^default-src 'none'; /);
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(page.headers).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-cache" });
    expect(page.body).not.toMatch(/<style|<script>|\sstyle=|\son[a-z]+=|https?:\/\//);
    expect(page.headers["x-data-source"]).toBe("none");
  });

  test("is sent again only where it has changed", async () => {
    for (const path of paths) {
      const first = await server.inject(path);
      const etag = String(first.headers.etag);
      const again = await server.inject({ url: path, headers: { "if-none-match": `"other", W/${etag}` } });
      expect([path, again.statusCode, again.body, again.headers.etag]).toEqual([path, 304, "", etag]);
      const other = await server.inject({ url: path, headers: { "if-none-match": '"other"' } });
      expect([path, other.statusCode, other.body === first.body]).toEqual([path, 200, true]);
      const head = await server.inject({ url: path, method: "HEAD" });
      expect([path, head.statusCode, head.body, head.headers.etag]).toEqual([path, 200, "", etag]);
    }
  });

  test("leaves every other path as it was", async () => {
    const codes = async (method: "GET" | "POST", url: string): Promise<unknown> => {
      const { statusCode, headers } = await server.inject({ method, url });
      return [statusCode, String(headers["content-type"]).split(";")[0]];
    };
    expect(await codes("GET", "/page/none.js")).toEqual([404, "application/problem+json"]);
    expect(await codes("GET", "/page/")).toEqual([404, "application/problem+json"]);
    expect(await codes("GET", "/page/..%2fpackage.json")).toEqual([404, "application/problem+json"]);
    expect(await codes("POST", "/")).toEqual([405, "application/problem+json"]);
    expect(await codes("POST", "/page/page.js")).toEqual([405, "application/problem+json"]);
  });
});
