import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { QueryClient, userUrl } from "./query-client.js";

describe("the address of a user", () => {
  test.each([
    ["bus-7", "/v1/users/bus-7"],
    ["a/b?c#d", "/v1/users/a%2Fb%3Fc%23d"],
    ["{}\n🚌", "/v1/users/%7B%7D%0A%F0%9F%9A%8C"],
    [".", "/v1/users/-?id=."],
    ["..", "/v1/users/-?id=.."],
    ["-", "/v1/users/-?id=-"],
  ])("of %j survives a URL", (user, url) => {
    expect(userUrl(user, "", {})).toBe(url);
    const parsed = new URL(url, "http://x");
    const inPath = decodeURIComponent(parsed.pathname.slice("/v1/users/".length));
    expect(parsed.searchParams.get("id") ?? inPath).toBe(user);
  });

  test("carries the moments of a question", () => {
    expect(userUrl("a", "/explain", { at: "2024-01-01T00:00:00+01:00", knownAt: undefined })).toBe(
      "/v1/users/a/explain?at=2024-01-01T00%3A00%3A00%2B01%3A00",
    );
  });
});

async function withService<Result>(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
  work: (client: QueryClient) => Promise<Result>,
): Promise<Result> {
  let count = 0;
  const server = createServer((request, response) => answer(request, response, ++count));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await work(new QueryClient({ host: "127.0.0.1", port: (server.address() as AddressInfo).port }));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("asking the query service", () => {
  test("waits while it is asked to, as long as the view catches up", async () => {
    const answered = await withService(
      (_request, response, count) => {
        if (count === 1) response.writeHead(503, { "retry-after": "0" }).end("{}");
        else response.end(JSON.stringify({ user: "a" }));
      },
      (client) => client.state("a"),
    );
    expect(answered.user).toBe("a");
  });

  test.each([
    [404, 1, /answered 404: The user is not known: nothing is known/],
    [400, 2, /answered 400/],
    [500, 1, /answered 500/],
  ])("tells what it said with %d, exit code %d", async (status, exitCode, message) => {
    const body = { title: "The user is not known", detail: "nothing is known about it" };
    const asked = withService(
      (_request, response) => response.writeHead(status).end(JSON.stringify(body)),
      (client) => client.state("a"),
    );
    await expect(asked).rejects.toMatchObject({ exitCode, message: expect.stringMatching(message) });
  });

  test("gives up on a service that always asks to wait", async () => {
    let asked = 0;
    const refused = withService(
      (_request, response, count) => {
        asked = count;
        response.writeHead(503, { "retry-after": "0" }).end("not json");
      },
      (client) => client.state("a"),
    );
    await expect(refused).rejects.toMatchObject({ message: expect.stringMatching(/503: not json/) });
    expect(asked).toBe(4);
  });
});
