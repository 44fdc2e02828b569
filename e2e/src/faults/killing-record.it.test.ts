import { afterEach, describe, expect, it, jest } from "@jest/globals";
import type { Service } from "../harness/lastknown.js";
import { listedLetters } from "../harness/listed-letters.js";
import type { TestFleet } from "../harness/test-fleet.js";
import { ControlFleets } from "../negative-controls/control-fleets.js";
import { complaintsAbout } from "../oracle/index.js";
import { fileWithRowOf } from "./sample-file.js";
import { whenJudging } from "./when-judging.js";

jest.setTimeout(420_000);

const KILLER = "killer";
const PARTITIONS = 2;
const KILLS_MAX = 2;
/** Two at the first batch where it may be any, and the bound at that batch and at the record. */
const DEATHS_MAX = 2 + 2 * KILLS_MAX;
const LIVES_MAX = 20;
const ENVIRONMENT = {
  LASTKNOWN_WORKER_KILLS_MAX: String(KILLS_MAX),
  LASTKNOWN_WORKER_BATCH_RECORDS_MAX: "100",
  // Commits are due before the first batch of a life has come.
  LASTKNOWN_WORKER_COMMIT_INTERVAL_MS: "50",
  // The shortest that is allowed: each life begins when the group has missed the one before.
  LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: "6000",
};
/** What a crash of native code does: nothing can be caught. */
const DIES_OF_IT = whenJudging(KILLER, 'process.kill(process.pid, "SIGKILL");');

describe("a record that kills the process of whoever works on it", () => {
  const fleets = new ControlFleets();
  afterEach(() => fleets.close());

  it("is dead-lettered after a bounded number of deaths, and it alone; all others are applied", async () => {
    const fleet = await fleets.create({
      prefix: "killing-record",
      changes: [DIES_OF_IT],
      partitions: PARTITIONS,
      environment: ENVIRONMENT,
    });
    await fleet.replay(await fileWithRowOf(KILLER, fleet.folder));
    const deaths = await superviseUntilCaughtUp(fleet);
    expect(deaths).toBeGreaterThanOrEqual(2 * KILLS_MAX);
    expect(deaths).toBeLessThanOrEqual(DEATHS_MAX);
    const letters = await listedLetters(fleet);
    expect(letters.map(({ reason, error }) => `${reason}: ${error}`)).toEqual([
      `internal: the record ended the worker's process ${KILLS_MAX} times`,
    ]);
    const judgement = await fleet.judge({ doublesAllowed: true, fatalUsers: new Set([KILLER]) });
    expect(complaintsAbout(judgement)).toEqual([]);
  });
});

/** Starts a worker again whenever it has died, as a supervisor does. Gives how often that was. */
async function superviseUntilCaughtUp(fleet: TestFleet): Promise<number> {
  const caughtUp = fleet.caughtUp().then(() => "caught up" as const);
  for (let deaths = 0; deaths < LIVES_MAX; deaths++) {
    const worker = await startUnlessItDies(fleet);
    if (worker === undefined) continue;
    const how = await Promise.race([caughtUp, worker.process.ended]);
    if (how === "caught up") return deaths;
    expect(how).toEqual({ exitCode: null, signal: "SIGKILL" });
  }
  throw new Error(`not caught up after ${LIVES_MAX} lives`);
}

/** It may die before it was seen to be ready. */
async function startUnlessItDies(fleet: TestFleet): Promise<Service | undefined> {
  try {
    return await fleet.startWorker();
  } catch (error) {
    if (error instanceof Error && error.message.includes("ended before it was ready")) return undefined;
    throw error;
  }
}
