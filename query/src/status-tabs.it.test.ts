import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { silentLogger } from "@lastknown/shared";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Answers } from "./answers/answers.js";
import { launchChromium, openPage } from "./browser-for-test.js";
import { createHttpServer } from "./http/http-server.js";
import type { RouteServer } from "./http/route-server.js";
import { until } from "./memory-service-for-test.js";
import { snapshotForTest } from "./status/snapshot-for-test.js";
import { StatusBoard } from "./status/status-board.js";

/** A busy machine takes its time, a browser on it more. */
jest.setTimeout(120_000);

/** More than the connections that a browser opens to one host. */
const TABS = 8;

/** Set by `npm test`, which installs it where it may; the last lines of a run name what was skipped. */
const chromium = process.env["LASTKNOWN_TEST_CHROMIUM"];
const describeInBrowser = chromium === undefined ? describe.skip : describe;

describeInBrowser("the pages at / in several tabs of a browser", () => {
  let browser: Browser;
  let board: StatusBoard;
  let server: RouteServer;
  let origin: string;
  let context: BrowserContext;
  let complaints: string[];
  let page: Page;
  let streams: { opened: number; open: number };

  beforeAll(async () => (browser = await launchChromium(chromium ?? "")));
  afterAll(() => browser.close());

  beforeEach(() => {
    streams = { opened: 0, open: 0 };
  });
  afterEach(async () => {
    expect(complaints).toEqual([]);
    await context.close();
    await server.close();
    await board.stop();
  });

  const start = async (bounds = {}, port = 0): Promise<void> => {
    // Of this test: the end of a stream may be told when the next test has begun.
    const counted = streams;
    const take = () => Promise.resolve(snapshotForTest({ at: new Date().toISOString() }));
    board = new StatusBoard({ take, logger: silentLogger });
    board.start();
    server = await createHttpServer({
      answers: {} as Answers,
      health: () => Promise.reject(new Error("not asked")),
      status: board,
      observer: { answered: () => undefined },
      logger: silentLogger,
      streams: bounds,
    });
    server.server.on("request", (request, response) => {
      if (request.url !== "/status/stream") return;
      counted.opened += 1;
      counted.open += 1;
      void once(response, "close").then(() => (counted.open -= 1));
    });
    await server.listen({ host: "127.0.0.1", port });
    origin = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  };

  /** @param script runs in each page before any other */
  const openFirst = async (script = ""): Promise<void> => {
    ({ page, complaints } = await openPage(browser, origin));
    context = page.context();
    await context.addInitScript(script);
    await page.goto(origin);
  };

  const openAnother = async (): Promise<Page> => {
    const another = await context.newPage();
    await another.goto(origin);
    return another;
  };

  const reads = async (tab: Page, text: string | RegExp): Promise<void> =>
    await tab.locator("#connection").filter({ hasText: text }).waitFor({ timeout: 30_000 });

  const plots = (tab: Page): Promise<number> => tab.locator("#plots canvas").count();

  /** As when another tab is chosen, or this one again: no browser without a screen hides any. */
  const hide = async (tab: Page, hidden: boolean): Promise<void> => {
    await tab.evaluate(`
      Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    `);
  };

  test("are all live by one stream, and each can still ask", async () => {
    await start();
    await openFirst();
    const tabs = [page];
    while (tabs.length < TABS) tabs.push(await openAnother());
    for (const tab of tabs) await reads(tab, /^live$/);
    for (const tab of tabs) expect(await plots(tab)).toBe(3);
    expect(streams.opened).toBe(1);
    const asking = tabs.at(-1)?.evaluate("fetch('/status').then(({ status }) => status)");
    expect(await asking).toBe(200);
  });

  test("close the stream when none is looked at, and open it again for the first that is", async () => {
    await start();
    await openFirst();
    const other = await openAnother();
    for (const tab of [page, other]) await reads(tab, /^live$/);
    await hide(page, true);
    await reads(page, /^paused, figures of \d\d:\d\d:\d\d UTC$/);
    expect(streams.open).toBe(1);
    await hide(other, true);
    await until(
      async () => streams.open,
      (open) => open === 0,
    );
    await hide(page, false);
    await reads(page, /^live$/);
    await reads(other, /^paused/);
    expect([streams.opened, streams.open]).toEqual([2, 1]);
  });

  test("follow the one that opened the stream when it is gone, and its last takes the stream along", async () => {
    await start();
    await openFirst();
    const other = await openAnother();
    await reads(other, /^live$/);
    await page.close();
    const before = await other.locator("#connection").textContent();
    expect(before).toBe("live");
    await watchStates(other);
    await new Promise((resolve) => setTimeout(resolve, LONGER_THAN_SILENCE_MS));
    expect(await statesOf(other)).toEqual([]);
    await other.goto("about:blank");
    await until(
      async () => streams.open,
      (open) => open === 0,
    );
  });

  test.each([
    ["a shared stream", ""],
    ["a stream of its own", "delete globalThis.SharedWorker;"],
  ])("go on by %s that ends after its time, and say nothing of it", async (_what, script) => {
    await start({ lifeMsMax: 2500 });
    await openFirst(script);
    await reads(page, /^live$/);
    await watchStates(page);
    await until(
      async () => streams.opened,
      (opened) => opened >= 4,
    );
    await reads(page, /^live$/);
    expect(await statesOf(page)).toEqual([]);
    expect(streams.open).toBeLessThanOrEqual(2);
  });

  test("say by a stream of their own too that it is lost, and come back", async () => {
    await start();
    await openFirst("delete globalThis.SharedWorker;");
    await reads(page, /^live$/);
    const { port } = new URL(origin);
    await Promise.all([server.close(), board.stop()]);
    await reads(page, /^connection lost, figures of \d\d:\d\d:\d\d UTC, trying again$/);
    await start({}, Number(port));
    await reads(page, /^live$/);
  });

  test("have streams of their own where the worker cannot be loaded", async () => {
    await start();
    await openFirst(`
      const Worker = SharedWorker;
      globalThis.SharedWorker = function (_url, options) {
        return new Worker("/page/none.js", options);
      };
    `);
    const other = await openAnother();
    for (const tab of [page, other]) await reads(tab, /^live$/);
    expect(streams.opened).toBe(2);
  });
});

/** Than a page waits for news before it says that the connection is lost. */
const LONGER_THAN_SILENCE_MS = 7000;

/** Has a page write down what its connection becomes from now on. */
async function watchStates(tab: Page): Promise<void> {
  await tab.evaluate(`
    globalThis.states = [];
    const connection = document.getElementById("connection");
    new MutationObserver(() => states.push(connection.textContent)).observe(connection, { childList: true });
  `);
}

async function statesOf(tab: Page): Promise<string[]> {
  return await tab.evaluate("states");
}
