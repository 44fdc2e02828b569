import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { requiredEnvironment } from "../harness/test-fleet.js";
import { complaintsAbout, type FleetJudgement } from "../oracle/index.js";
import { ControlFleets, replaySample } from "./control-fleets.js";
import { expectWrong } from "./expect-wrong.js";
import { HeldRegistry } from "./held-registry.js";
import type { BuildChange } from "./product-copy.js";

jest.setTimeout(300_000);

/** A killed worker's partitions are given to others after this, the shortest that is allowed. */
const SESSION = { LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: "6000" };

const COMMITS_FIRST: BuildChange = {
  file: "consumer/dist/assignment/assignment.js",
  from: "const batches = await this.#gate.pass(taken, signal);",
  to: `this.#markDone(taken, new Set());
       await this.#commit(signal);
       const batches = await this.#gate.pass(taken, signal);`,
};

describe("a worker that is killed between taking a batch and its effects", () => {
  const fleets = new ControlFleets();
  let registry: HeldRegistry;

  beforeEach(async () => {
    registry = await HeldRegistry.before(requiredEnvironment("LASTKNOWN_REGISTRY_URL"));
  });

  afterEach(async () => {
    await fleets.close();
    await registry.close();
  });

  const judgeAfterTheKill = async (...changes: readonly BuildChange[]): Promise<FleetJudgement> => {
    const fleet = await fleets.create({ prefix: "commits-first", environment: SESSION, changes });
    const worker = await fleet.startWorker({ LASTKNOWN_REGISTRY_URL: registry.url });
    await replaySample(fleet, { users: 20, rows: 1_000, seed: 3 });
    await registry.held;
    await worker.process.kill("SIGKILL");
    await fleet.startWorker();
    await fleet.caughtUp();
    return fleet.judge({ doublesAllowed: true });
  };

  it("loses nothing", async () => {
    expect(complaintsAbout(await judgeAfterTheKill())).toEqual([]);
  });

  it("is caught where it commits before the effects", async () => {
    const something: unknown = expect.anything();
    expectWrong(await judgeAfterTheKill(COMMITS_FIRST), {
      audit: { where: "entry of", expected: something, actual: undefined },
      states: { where: ":user:", expected: something, actual: undefined },
    });
  });
});
