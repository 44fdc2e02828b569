import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { chromium, type Browser, type Page } from "playwright-core";
import { sampleFile } from "./faults/sample-file.js";
import type { Service } from "./harness/lastknown.js";
import { TestFleet, type QueryService } from "./harness/test-fleet.js";
import { waitUntil } from "./harness/wait-until.js";

/** A busy machine takes its time, a browser on it more. */
jest.setTimeout(300_000);

const USER = "veh-001";
const SESSION = { LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: "6000" };
const SEEN_WITHIN_MS = 60_000;

/** Set by `npm test`, which installs it where it may; the last lines of a run name what was skipped. */
const executablePath = process.env["LASTKNOWN_TEST_CHROMIUM"];
/** A folder for pictures of the page, such as those in docs/images; none are taken unless it is named. */
const pictures = process.env["LASTKNOWN_TEST_PICTURES"];
const ROWS = pictures === undefined ? 6000 : 12_000;
const ROWS_PER_SECOND = pictures === undefined ? 250 : 150;
/** So that there is something to be seen in the plots. */
const BEFORE_PICTURES_MS = 45_000;
const PICTURE_WAITS_MS = 15_000;
const describeInBrowser = executablePath === undefined ? describe.skip : describe;

describeInBrowser("the page of a fleet at work", () => {
  let fleet: TestFleet;
  let query: QueryService;
  let workers: Service[];
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    fleet = await TestFleet.create({ prefix: "status-page", partitions: 4, environment: SESSION });
    workers = [await fleet.startWorker(), await fleet.startWorker()];
    query = await fleet.startQuery();
    browser = await chromium.launch({
      executablePath: executablePath ?? "",
      args: ["--no-sandbox", "--disable-dev-shm-usage"],
    });
    page = await browser.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      const isAnswer = message.text().startsWith("Failed to load resource: ");
      if (["error", "warning"].includes(message.type()) && !isAnswer) complaints.push(message.text());
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(`${query.baseUrl}/`)) complaints.push(`a request to ${request.url()}`);
    });
    await page.goto(`${query.baseUrl}/`);
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.close();
  });

  const reads = async (selector: string, text: string | RegExp): Promise<void> =>
    await page.locator(selector).filter({ hasText: text }).first().waitFor({ timeout: SEEN_WITHIN_MS });
  const tile = (name: string): string => `#tiles > div:has(dt:text-is("${name}"))`;

  it("shows rates, freshness and who has what while a file is replayed", async () => {
    await reads(`${tile("Workers")} dd`, /^2$/);
    await reads(tile("Workers"), "have 4 of 4 partitions");
    await reads("#members tbody", /\d.*\d/s);
    const file = await sampleFile(fleet.folder, { users: 20, rows: ROWS, seed: 3 });
    const replay = fleet.start(["replay", file, "--rate", String(ROWS_PER_SECOND)]);
    await reads(`${tile("In")} dd`, /^\d{2,} \/s$/);
    await reads(`${tile("Out")} dd`, /^\d{2,} \/s$/);
    await reads(tile("Fresh within, p99"), /\d.*last minute; p50 \d/);
    await takePictures();
    expect(await replay.ended).toEqual({ exitCode: 0, signal: null });
    await fleet.caughtUp(query);
    await reads(`${tile("Behind")} dd`, /^0$/);
    expect(await verdictsSum()).toBe(ROWS);
  });

  it("answers about a user from Redis and the view", async () => {
    await page.locator("#user").fill(USER);
    await page.locator("#user").press("Enter");
    await waitUntil(async () => await redisLacksNothing(), { what: "all in Redis", boundMs: SEEN_WITHIN_MS });
    const { items } = (await (
      await fetch(`${query.baseUrl}/v1/users/${USER}/history?limit=1000`)
    ).json()) as {
      items: { verdict: string }[];
    };
    for (const verdict of ["applied", "stale", "duplicate"]) {
      const number = items.filter((item) => item.verdict === verdict).length;
      await reads("#answer .legend", `${verdict} ${number.toLocaleString("en")}`);
    }
    await reads("#answer", /Of \d+ arrivals the one at offset \d+ won/);
  });

  it("says in a banner that nothing is fresh when all workers are dead, and that it is when they are back", async () => {
    expect(await page.locator("#banner-text").textContent()).toBe("");
    await Promise.all(workers.map(({ process: worker }) => worker.kill("SIGKILL")));
    await fleet.replay(await sampleFile(fleet.folder, { users: 20, rows: 500, seed: 4 }));
    await reads("#banner-text", "The freshness budget of 2 s is broken.");
    await reads("#banner-reasons", "the oldest record that is not in the view has waited for ");
    await reads(`${tile("Behind")} dd`, /^500$/);
    await reads("#members-none", "Nobody is in the group.");
    await reads("#lag tbody tr[data-state=late]", "no worker is in the group");
    await fleet.startWorker();
    await fleet.caughtUp(query);
    await page.locator("#banner[data-state=kept]").waitFor({ state: "attached", timeout: SEEN_WITHIN_MS });
    await reads(`${tile("Behind")} dd`, /^0$/);
    expect(complaints).toEqual([]);
  });

  /** Asks again otherwise: a service that was not given its turn cannot tell the lag for a moment. */
  const redisLacksNothing = async (): Promise<true | undefined> => {
    const latest = page.locator("#answer dl");
    await latest.waitFor({ timeout: SEEN_WITHIN_MS });
    if ((await latest.textContent())?.includes("Redis, lacks nothing") === true) return true;
    await page.getByRole("button", { name: "Ask again" }).click();
    return undefined;
  };

  const verdictsSum = async (): Promise<number> => {
    const status = (await (await fetch(`${query.baseUrl}/status`)).json()) as {
      view: { verdicts: Record<string, number> };
    };
    return Object.values(status.view.verdicts).reduce((sum, number) => sum + number, 0);
  };

  const takePictures = async (): Promise<void> => {
    if (pictures === undefined) return;
    await mkdir(pictures, { recursive: true });
    await new Promise((resolve) => setTimeout(resolve, BEFORE_PICTURES_MS));
    const forms = [
      { name: "status-page-dark", colorScheme: "dark", width: 1280, hash: `#user=${USER}`, height: 1500 },
      { name: "status-page-light", colorScheme: "light", width: 1280, hash: "", height: 1000 },
      { name: "status-page-phone", colorScheme: "dark", width: 390, hash: "", height: 844 },
    ] as const;
    for (const { name, colorScheme, width, height, hash } of forms) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height } });
      const picture = await context.newPage();
      await picture.goto(`${query.baseUrl}/${hash}`);
      await picture.locator("#connection[data-state=live]").waitFor();
      if (hash !== "") await picture.locator("#answer canvas").waitFor();
      // A picture of a fleet at work; on a machine that is too busy it is none, and is taken all the same.
      const well = picture.locator("#banner[data-state=kept]");
      await well.waitFor({ state: "attached", timeout: PICTURE_WAITS_MS }).catch(() => undefined);
      await picture.screenshot({
        path: join(pictures, `${name}.png`),
        fullPage: name !== "status-page-phone",
      });
      await context.close();
    }
  };
});
