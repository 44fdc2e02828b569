import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { type QueryService, TestFleet } from "./harness/test-fleet.js";
import { printJudgement, recompute } from "./oracle/index.js";
import { BIKE_STATIONS, locate, replayFlags, UPLINKS } from "./real-data-sets.js";

// A minute on a machine of its own; others may be at work on this one.
jest.setTimeout(600_000);

describe.each([BIKE_STATIONS, UPLINKS])("real data: $name", (dataSet) => {
  const { columns, rows, users } = dataSet;
  const { path, present } = locate(dataSet);
  const itReal = present ? it : it.skip;
  let fleet: TestFleet | undefined;
  let query: QueryService | undefined;

  beforeAll(async () => {
    if (!present) return;
    fleet = await TestFleet.create({ prefix: "real-data" });
    const [, , started] = await Promise.all([fleet.startWorker(), fleet.startWorker(), fleet.startQuery()]);
    query = started;
  });

  afterAll(async () => fleet?.close());

  itReal("is right for every row, entry, state and verdict, and for 2,000 as-of answers", async () => {
    if (fleet === undefined || query === undefined) throw new Error("the fleet did not start");
    const { arrivals } = recompute(path, columns);
    await fleet.replay(path, replayFlags(dataSet));
    await fleet.caughtUp(query);
    const { events, audit, deadLetters, states, answers } = await fleet.judge({
      expected: arrivals,
      doublesAllowed: false,
      answers: { baseUrl: query.baseUrl, questions: 2_000, pageItems: 1_000 },
    });
    const counted = (count: number): string => printJudgement({ checked: count, right: count, wrong: [] });
    const said = { events, deadLetters, states, ...answers };
    expect(
      Object.fromEntries(Object.entries(said).map(([name, one]) => [name, one && printJudgement(one)])),
    ).toEqual({
      events: counted(rows),
      deadLetters: counted(0),
      states: counted(users),
      history: counted(rows),
      latest: counted(users),
      asOf: counted(2_000),
    });
    // The copies of the schema and of the fleet record are judged beside the entries.
    expect(audit).toEqual({ checked: audit.checked, right: audit.checked, wrong: [] });
    expect(audit.checked).toBeGreaterThan(rows);
  });
});
