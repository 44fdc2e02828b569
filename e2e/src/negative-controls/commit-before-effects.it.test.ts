import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { requiredEnvironment, TestFleet } from "../harness/test-fleet.js";
import { complaintsAbout, type FleetJudgement } from "../oracle/index.js";
import { sampleFile } from "../faults/sample-file.js";
import { expectWrong } from "./expect-wrong.js";
import { HeldRegistry } from "./held-registry.js";
import { ProductCopy, type BuildChange } from "./product-copy.js";

jest.setTimeout(300_000);

/** A killed worker's partitions are given to others after this, the shortest that is allowed. */
const SESSION = { LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: "6000" };

const COMMITS_FIRST: BuildChange = {
  file: "consumer/dist/assignment/assignment.js",
  from: "const behind = await pipeline.run(batches, signal);",
  to: "this.#markDone(batches, new Set()); await this.#commit(signal); const behind = await pipeline.run(batches, signal);",
};

describe("a worker that is killed between taking a batch and its effects", () => {
  let copy: ProductCopy;
  let registry: HeldRegistry;
  let fleet: TestFleet | undefined;

  beforeEach(async () => {
    copy = await ProductCopy.make();
    registry = await HeldRegistry.before(requiredEnvironment("LASTKNOWN_REGISTRY_URL"));
  });

  afterEach(async () => {
    await fleet?.close();
    await registry.close();
    await copy.remove();
  });

  const judgeAfterTheKill = async (): Promise<FleetJudgement> => {
    fleet = await TestFleet.create({ prefix: "commits-first", bin: copy.bin, environment: SESSION });
    const worker = await fleet.startWorker({ LASTKNOWN_REGISTRY_URL: registry.url });
    await fleet.replay(await sampleFile(fleet.folder, { users: 20, rows: 1_000, seed: 3 }));
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
    await copy.change(COMMITS_FIRST);
    const something: unknown = expect.anything();
    expectWrong(await judgeAfterTheKill(), {
      audit: { where: "entry of", expected: something, actual: undefined },
      states: { where: ":user:", expected: something, actual: undefined },
    });
  });
});
