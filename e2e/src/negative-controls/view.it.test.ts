import { afterEach, describe, expect, it, jest } from "@jest/globals";
import type { QueryService, TestFleet } from "../harness/test-fleet.js";
import { complaintsAbout, type FleetJudgement } from "../oracle/index.js";
import { ControlFleets, replaySample } from "./control-fleets.js";
import { expectWrong } from "./expect-wrong.js";
import type { BuildChange } from "./product-copy.js";

jest.setTimeout(300_000);

/** It passes over the entries, so that it believes to have caught up. */
const SKIPS_A_PARTITION: BuildChange = {
  file: "query/dist/folding/audit-folder.js",
  from: "for (const record of records)",
  to: "for (const record of partition === 1 ? [] : records)",
};
const ROWS = 1_000;

describe("a view of all partitions", () => {
  const fleets = new ControlFleets();

  afterEach(async () => fleets.close());

  const judge = async (fleet: TestFleet, query: QueryService): Promise<FleetJudgement> => {
    await fleet.caughtUp(query);
    const answers = { baseUrl: query.baseUrl, questions: 500 };
    return fleet.judge({ doublesAllowed: true, answers });
  };

  it("is right, and is caught where it skips one of them", async () => {
    const fleet = await fleets.create({ prefix: "skipped" });
    await fleet.startWorker();
    await replaySample(fleet, { users: 20, rows: ROWS, seed: 7 });
    expect(complaintsAbout(await judge(fleet, await fleet.startQuery("view")))).toEqual([]);

    const { bin } = await fleets.copyWith(SKIPS_A_PARTITION);
    const judgement = await judge(fleet, await fleet.startQuery("view-with-gap", {}, bin));
    const status = (code: number): unknown => expect.objectContaining({ status: code });
    expectWrong(judgement, {
      history: { where: "history of", expected: expect.anything(), actual: undefined },
      asOf: { where: "at=", expected: status(200), actual: status(404) },
    });
    const { checked = 0, right = 0 } = judgement.answers?.history ?? {};
    expect(checked).toBe(ROWS);
    expect(right).toBeGreaterThan(ROWS / 4);
  });
});
