import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { findChromium, launchChromium, openPage, type WatchedPage } from "./browser-for-test.js";
import { startMemoryService, TEST_PARTITIONS, type MemoryService } from "./memory-service-for-test.js";

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

const chromium = await findChromium();
// It is installed by `npm test` where that may be; the last lines of a run name what was skipped.
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

  const open = async (hash = "", options = {}): Promise<void> => {
    const origin = `http://127.0.0.1:${service.query.port}`;
    watched = await openPage(browser, origin, options);
    ({ page } = watched);
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
  });
});
