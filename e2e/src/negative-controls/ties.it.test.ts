import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { complaintsAbout, recompute, type FleetJudgement } from "../oracle/index.js";
import { ControlFleets } from "./control-fleets.js";
import { expectWrong } from "./expect-wrong.js";
import type { BuildChange } from "./product-copy.js";
import { NOT_IDENTITY, tiesFile } from "./ties-file.js";

jest.setTimeout(300_000);

/** Each record reaches Redis by itself, so that Redis and not the worker decides which one is newer. */
const SINGLE = { LASTKNOWN_WORKER_BATCH_RECORDS_MAX: "1" };

const TAKES_EQUALS: BuildChange = {
  file: "consumer/dist/states/redis/state-scripts.js",
  from: "ARGV[at] > order",
  to: "ARGV[at] >= order",
};

const PREFERS_THE_LESSER: BuildChange = {
  file: "consumer/dist/states/redis/state-scripts.js",
  from: "(string.byte(text, low) or -1) > (",
  to: "(string.byte(text, low) or -1) < (",
};

const COMPARES_UTF_16: BuildChange = {
  file: "shared/dist/domain/order.js",
  from: "Buffer.compare(Buffer.from(a), Buffer.from(b))",
  to: "a < b ? -1 : 1",
};

const ORDERS_BY_TEXT: BuildChange = {
  file: "shared/dist/domain/order.js",
  from: "return a.sts - b.sts;",
  to: "{ const text = (sts) => new Date(sts / 1000).toISOString().slice(0, 20) + String(1e6 + (sts % 1e6)).slice(1).replace(/0+$/, '') + 'Z'; return text(a.sts) < text(b.sts) ? -1 : 1; }",
};

describe("events that differ in the last fields of the order alone", () => {
  const fleets = new ControlFleets();

  afterEach(async () => fleets.close());

  const judgeTies = async (...changes: readonly BuildChange[]): Promise<FleetJudgement> => {
    const fleet = await fleets.create({ prefix: "ties", environment: SINGLE, changes });
    const [, query] = await Promise.all([fleet.startWorker(), fleet.startQuery()]);
    const file = await tiesFile(fleet.folder);
    await fleet.replay(file, ["--not-identity", NOT_IDENTITY]);
    await fleet.caughtUp(query);
    return fleet.judge({
      expected: recompute(file, { notIdentity: [NOT_IDENTITY] }).arrivals,
      doublesAllowed: true,
      answers: { baseUrl: query.baseUrl, questions: 200 },
    });
  };

  it("are told apart", async () => {
    expect(complaintsAbout(await judgeTies())).toEqual([]);
  });

  it.each([
    ["takes an equal order for a newer one", TAKES_EQUALS],
    ["lets the lesser of tied attributes win", PREFERS_THE_LESSER],
  ])("are caught where Redis %s", async (_what, change) => {
    const attributes = (gateway: string): unknown =>
      expect.objectContaining({ attributes: `{"gateway":"${gateway}","speed":10}` });
    expectWrong(await judgeTies(change), {
      states: { where: "user:same-", expected: attributes("south"), actual: attributes("north") },
    });
  });

  it("are caught where tied attributes are compared as JavaScript does, not by their bytes", async () => {
    const attributes = (gateway: string): unknown =>
      expect.objectContaining({ attributes: { gateway, speed: 10 } });
    expectWrong(await judgeTies(COMPARES_UTF_16), {
      asOf: { where: "beyond-", expected: attributes("\u{1f600}"), actual: attributes("\uff5e") },
    });
  });

  it("are caught where times of arrival are compared as text", async () => {
    const verdict = (said: string): unknown => expect.objectContaining({ verdict: said });
    expectWrong(await judgeTies(ORDERS_BY_TEXT), {
      history: { where: "history of tenth-", expected: verdict("applied"), actual: verdict("stale") },
    });
  });
});
