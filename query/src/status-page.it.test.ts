import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { emptyAttributes, type Attributes } from "@lastknown/shared";
import type { Browser, Page } from "playwright-core";
import { launchChromium, openPage, seriousViolations, type WatchedPage } from "./browser-for-test.js";
import { startMemoryService, TEST_PARTITIONS, until, type MemoryService } from "./memory-service-for-test.js";
import type { StatusSnapshot } from "./status/status-snapshot.js";

/** A busy machine takes its time, a browser on it more. */
jest.setTimeout(120_000);

const MINUTE = 60_000_000;
const NOON = Date.UTC(2024, 2, 10, 12) * 1000;
const WORKERS = [0, 1].map((one) => ({
  memberId: `lastknown-${one}-abcd000${one}`,
  clientId: "lastknown",
  host: "10.0.3.7",
  partitions: [2 * one, 2 * one + 1],
}));

/** Set by `npm test`, which installs it where it may; the last lines of a run name what was skipped. */
const chromium = process.env["LASTKNOWN_TEST_CHROMIUM"];
const describeInBrowser = chromium === undefined ? describe.skip : describe;

describeInBrowser("the page at / in a browser", () => {
  let browser: Browser;
  let service: MemoryService;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => (browser = await launchChromium(chromium ?? "")));
  afterAll(() => browser.close());

  beforeEach(async () => {
    service = await startMemoryService();
    service.join(...WORKERS);
  });
  afterEach(async () => {
    expect(watched.complaints).toEqual([]);
    await page.context().close();
    await service.query.stop();
  });

  /** @param script runs in the page before any other */
  const open = async (hash = "", options = {}, script = ""): Promise<void> => {
    const origin = `http://127.0.0.1:${service.query.port}`;
    watched = await openPage(browser, origin, options);
    ({ page } = watched);
    await page.addInitScript(script);
    await page.goto(`${origin}/${hash}`);
  };

  /** Resolves once the text is on the page. */
  const reads = async (selector: string, text: string | RegExp): Promise<void> =>
    await page.locator(selector).filter({ hasText: text }).first().waitFor({ timeout: 30_000 });

  /** Publishes arrivals of one user that come one minute apart, each as late as told. */
  const arrive = async (user: string, lateMinutes: readonly number[], appendedAtMs = Date.now()) => {
    const facts = lateMinutes.map((late, index) => {
      const sts = NOON + index * MINUTE;
      return {
        user,
        sts,
        timeStamp: sts - late * MINUTE,
        attributes: { letter: "abc"[index % 3] ?? "z" },
        appendedAtMs,
      };
    });
    return await service.fleet.publish(facts);
  };

  /** The same, and in the audit, once the service knows of them: before that it answers about who was there before. */
  const told = async (user: string, lateMinutes: readonly number[]): Promise<void> => {
    const published = await arrive(user, lateMinutes);
    const end = (published.at(-1)?.offset ?? -1) + 1;
    await service.fleet.audit(published);
    await until(
      async () => (await (await service.get("/status")).json()) as StatusSnapshot,
      ({ lag, view }) => lag.partitions[published[0]?.partition ?? -1]?.end === end && view.lagRecords === 0,
    );
    await until(
      async () => (await service.get(`/v1/users/-/history?id=${encodeURIComponent(user)}`)).status,
      (status) => status === 200,
    );
  };

  test("shows what waits in each partition, who has it, and what moves", async () => {
    await open();
    await reads("#connection", "live");
    await reads("#fleet", "test");
    expect(await page.locator("#lag tbody tr").count()).toBe(TEST_PARTITIONS);
    const published = await arrive("bus", [0, 5, 1]);
    const partition = published[0]?.partition ?? -1;
    const row = `#lag tbody tr:nth-child(${partition + 1})`;
    await reads(`${row} td:nth-child(2)`, /^3$/);
    await reads(`${row} td:nth-child(5)`, `abcd000${partition < 2 ? 0 : 1}`);
    await reads("#tiles > div:nth-child(1) dd", /^0\.\d \/s$/);
    await service.fleet.audit(published);
    service.commit(partition, 3);
    await reads(`${row} td:nth-child(2)`, /^0$/);
    await reads("#verdicts", /applied2 .*stale1 .*duplicate0 /s);
    await reads("#members", "2–3");
    await reads("#plots figure:nth-child(1) .legend", /in \d/);
    expect(await page.locator("#plots canvas").count()).toBe(3);
  });

  test("shows what was before it was opened", async () => {
    const { history } = await untilHistory(3);
    await open();
    await reads("#connection", "live");
    expect(history.at.length).toBeGreaterThanOrEqual(3);
  });

  test("says in a banner when the freshness budget is broken, and when it is kept again", async () => {
    await open();
    await reads("#connection", "live");
    expect(await page.locator("#banner-text").textContent()).toBe("");
    const published = await arrive("bus", [0]);
    await reads("#banner-text", "The freshness budget of 2 s is broken.");
    await reads("#banner-reasons", /not in the view has waited for \d/);
    expect(await page.title()).toMatch(/^⚠ /);
    await service.fleet.audit(published);
    service.commit(published[0]?.partition ?? 0, 1);
    await page.locator("#banner[data-state=kept]").waitFor({ state: "attached" });
    expect(await page.locator("#banner-text").textContent()).toBe("");
    expect(await page.title()).not.toContain("⚠");
  });

  test("says in the banner how late the arrivals of the last ten seconds were", async () => {
    await open();
    await reads("#connection", "live");
    // Again and again: a machine that stands still for ten seconds would miss a single one.
    const LATE_MS = 60_000;
    const publishing = setInterval(() => {
      void arrive("bus", [0], Date.now() - LATE_MS).then((published) => service.fleet.audit(published));
    }, 1000);
    try {
      await reads("#banner-reasons", /^1 in 100 arrivals came into the view 6\d\.\d s after its append/);
    } finally {
      clearInterval(publishing);
    }
  });

  test("says so while Kafka is away, and guesses nothing", async () => {
    await open();
    await reads("#tiles", "2 of 2");
    service.log.unavailable = true;
    await reads("#banner-text", "cannot be told now");
    await reads("#tiles > div:nth-child(3)[data-state=unknown] dd", "–");
    await reads("#lag tbody tr:nth-child(1)[data-state=unknown] td:nth-child(2)", "–");
    await reads("#tiles", "Kafka cannot be seen, Redis answers");
    service.log.unavailable = false;
    await page.locator("#banner[data-state=kept]").waitFor({ state: "attached" });
  });

  test("says when the connection is lost, and comes back by itself", async () => {
    await open();
    await reads("#connection", "live");
    const { port } = service.query;
    await service.query.stop();
    await reads("#connection", /^connection lost, figures of \d\d:\d\d:\d\d UTC, trying again$/);
    service = await startMemoryService({ port });
    await reads("#connection", /^live$/);
  });

  test("answers about a user: the latest, the history on both clocks, and why", async () => {
    const attributes = { letter: "<img src=x onerror=alert(1)>", "battery (%)": 0.5 };
    await prepareLatest("bus", attributes);
    await told("bus", [0, 200, 1, 4]);
    await open();
    await ask("bus");
    await reads("#answer h2", /^bus$/);
    await reads("#answer", "Redis, lacks nothing");
    await reads("#answer dl", "<img src=x onerror=alert(1)>");
    await reads("#answer .legend", /stale 2.*duplicate 0.*applied 2/s);
    await reads("#answer", "4 arrivals: half within 4 min of happening, the latest after 3.3 h.");
    await reads("#answer", /the one at offset 2 won: it happened at 2024-03-10 12:01:00\.000000/);
    await reads("#answer .lost", "its order_time 2024-03-10T08:41:00.000000Z is before the winner's");
    expect(await page.locator("#answer canvas").count()).toBe(1);
    expect(page.url()).toMatch(/#user=bus$/);
    await page.getByText("As a table").click();
    await reads("#answer tbody tr:first-child", /2024-03-10 12:03:00\.000000.*4 min later.*stale/s);
  });

  test("tells in words who is not known, what is wrong, and what cannot be answered now", async () => {
    await prepareLatest("bus", {});
    await open("#user=nobody");
    await reads("#answer h2", "nobody");
    await reads("#answer .problem", "The user is not known: ");
    await ask("x".repeat(257));
    await reads("#answer .problem", "A parameter is wrong: ");
    service.latest.progress.clear();
    await told("tram", [0]);
    await ask("tram");
    await reads("#answer .problem", /^The user's state is not known yet: .*Ask again in a moment\.$/);
    await reads("#answer", "the one at offset 0 won");
    await prepareLatest("tram", {});
    await page.getByRole("button", { name: "Ask again" }).click();
    await reads("#answer", "Redis, ");
  });

  test.each(["a/b é#?&%", "..", "-", "\u{1f68c}"])(
    "can be linked to for user %j, and finds it",
    async (user) => {
      await told(user, [0]);
      await open(`#user=${encodeURIComponent(user)}`);
      await reads("#answer", "the one at offset 0 won");
      expect(await page.locator("#answer h2").textContent()).toBe(user);
      expect(await page.locator("#user").inputValue()).toBe(user);
    },
  );

  test("lets go of the plot of an answer that another replaces, or that is closed", async () => {
    await told("bus", [0, 5]);
    await open("", {}, countSchemeListeners);
    await reads("#connection", "live");
    const listeners = (): Promise<number> => page.evaluate("schemeListeners.size");
    const before = await listeners();
    for (let asked = 0; asked < 3; asked++) {
      await ask("bus");
      await page.locator("#answer canvas").waitFor();
      expect(await listeners()).toBe(before + 1);
    }
    await page.getByRole("button", { name: "Close" }).click();
    await page.locator("#answer").waitFor({ state: "hidden" });
    expect(await listeners()).toBe(before);
    expect(await page.locator("#answer canvas").count()).toBe(0);
  });

  test("can be used with the keyboard alone", async () => {
    await told("bus", [0, 5]);
    await open();
    await reads("#connection", "live");
    const focused = (): Promise<string> =>
      page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()");
    await page.keyboard.press("Tab");
    expect(await focused()).toMatch(/^Skip to/);
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("user");
    await page.keyboard.type("bus");
    await page.keyboard.press("Enter");
    await reads("#answer", "the one at offset 0 won");
    expect(await focused()).toBe("answer-title");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Ask again");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("As a table");
    await page.keyboard.press("Enter");
    await page.locator("#answer table").waitFor();
    await page.keyboard.press("Shift+Tab");
    expect(await focused()).toBe("Close");
    await page.keyboard.press("Enter");
    await page.locator("#answer").waitFor({ state: "hidden" });
    expect(await focused()).toBe("user");
    expect(page.url()).not.toContain("#");
  });

  test.each([320, 390, 768])("needs no scrolling sideways on %d pixels", async (width) => {
    const user = "x".repeat(256);
    await prepareLatest(user, { letter: "y".repeat(500) });
    await told(user, [0, 5]);
    await open(`#user=${user}`, { viewport: { width, height: 700 } });
    await reads("#answer", "the one at offset 0 won");
    await reads("#answer", "Redis, ");
    await page.getByText("As a table").click();
    await reads("#connection", "live");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
  });

  test.each(["light", "dark"] as const)("has nothing that keeps anybody out, %s", async (colorScheme) => {
    await prepareLatest("bus", { letter: "a" });
    await told("bus", [0, 200, 1]);
    await open("#user=bus", { colorScheme });
    await reads("#answer", "the one at offset 2 won");
    await reads("#answer", "Redis, ");
    await page.getByText("As a table").click();
    // Late ones, so that all colours are there.
    await reads("#banner-text", "is broken");
    await reads("#lag tbody tr[data-state=late]", /\d s/);
    expect(await seriousViolations(page)).toEqual([]);
    await ask("nobody");
    await reads("#answer .problem", "The user is not known");
    service.log.unavailable = true;
    await reads("#banner-text", "cannot be told now");
    expect(await seriousViolations(page)).toEqual([]);
  });

  const ask = async (user: string): Promise<void> => {
    await page.locator("#user").fill(user);
    await page.locator("#user").press("Enter");
  };

  /** Has Redis hold a state of the user, and all that is in the log. */
  const prepareLatest = async (user: string, attributes: Record<string, string | number>): Promise<void> => {
    const times = { timeStamp: NOON, sts: NOON, orderTime: NOON };
    const source = { topic: "test.events", partition: 0, offset: 0 };
    const eventId = "00".repeat(16);
    service.latest.states.set(user, { user, ...times, attributes: plain(attributes), eventId, source });
    for (let bucket = 0; bucket < 256; bucket++) service.latest.progress.set(bucket, 1000);
  };

  const untilHistory = async (points: number): Promise<{ history: { at: number[] } }> => {
    for (;;) {
      const response = await service.get("/status/stream");
      const reader = response.body?.getReader();
      const text = Buffer.from((await reader?.read())?.value ?? []).toString();
      await reader?.cancel();
      const history = JSON.parse(/event: history\ndata: (.*)/.exec(text)?.[1] ?? "{}") as { at: number[] };
      if (history.at.length >= points) return { history };
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
});

/** Has a page know who waits for it to turn dark or light. */
const countSchemeListeners = `
  globalThis.schemeListeners = new Set();
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  MediaQueryList.prototype.addEventListener = function (name, listener) {
    schemeListeners.add(listener);
    addEventListener.call(this, name, listener);
  };
  MediaQueryList.prototype.removeEventListener = function (name, listener) {
    schemeListeners.delete(listener);
    removeEventListener.call(this, name, listener);
  };
`;

/** As attributes come from a store. */
function plain(attributes: Record<string, string | number>): Attributes {
  return Object.assign(emptyAttributes(), attributes);
}
