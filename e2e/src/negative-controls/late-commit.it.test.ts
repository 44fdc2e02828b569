import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { requiredEnvironment, type TestFleet } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { backwardCommits, complaintsAbout, readCommits, type Commit } from "../oracle/index.js";
import { ControlFleets, replaySample } from "./control-fleets.js";
import type { BuildChange } from "./product-copy.js";

jest.setTimeout(300_000);

const ENVIRONMENT = {
  LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: "6000",
  LASTKNOWN_WORKER_COMMIT_INTERVAL_MS: "50",
  LASTKNOWN_WORKER_BATCH_RECORDS_MAX: "10",
};
const AT = {
  file: "consumer/dist/group/kafka/kafka-worker-group.js",
  from: "await this.#coordinator.commit({ generation, memberId }, topic, commits);",
};
/** Only the worker that is told so holds its first commit, until others have had its partitions for a while. */
const HELD = `
  if (process.env.TEST_HOLDS_COMMIT === "yes" && [...offsets.values()].some((offset) => offset > 0)) {
    process.env.TEST_HOLDS_COMMIT = "held";
    while (this.#coordinator.joined.generation === generation) await new Promise((wake) => setTimeout(wake, 20));
    await new Promise((wake) => setTimeout(wake, 5000));
  }`;
const LATE_BY_ITS_OWN_GENERATION = { ...AT, to: `${HELD} ${AT.from}` };
/** As kafkajs commits. */
const LATE_BY_THE_NEWEST_GENERATION = {
  ...AT,
  to: `${HELD} await this.#coordinator.commit(this.#coordinator.joined, topic, commits);`,
};
const MOVED_BACK_BOUND_MS = 90_000;

describe("a commit that comes when its partitions have gone to another worker", () => {
  const brokers = requiredEnvironment("LASTKNOWN_KAFKA_BROKERS");
  const fleets = new ControlFleets();

  afterEach(async () => fleets.close());

  /** One worker holds its first commit until another has had half of its partitions for a while. */
  const start = async (late: BuildChange): Promise<TestFleet> => {
    const changes = [late];
    const fleet = await fleets.create({ prefix: "late-commit", environment: ENVIRONMENT, changes });
    await replaySample(fleet, { users: 40, rows: 2_000, seed: 4 });
    await fleet.startWorker({ TEST_HOLDS_COMMIT: "yes" });
    await fleet.startWorker();
    return fleet;
  };
  const commitsOf = (fleet: TestFleet): Promise<Commit[]> =>
    readCommits({ brokers, group: `${fleet.name}.worker`, topic: `${fleet.name}.events` });

  it("is refused, and the fleet is right", async () => {
    const fleet = await start(LATE_BY_ITS_OWN_GENERATION);
    await fleet.caughtUp();
    const commits = await commitsOf(fleet);
    expect(commits.length).toBeGreaterThan(0);
    expect(backwardCommits(commits)).toEqual([]);
    expect(complaintsAbout(await fleet.judge({ doublesAllowed: true }))).toEqual([]);
  });

  it("is caught moving an offset back where the newest generation is used", async () => {
    const fleet = await start(LATE_BY_THE_NEWEST_GENERATION);
    const movedBack = await waitUntil(
      async () => {
        const back = backwardCommits(await commitsOf(fleet));
        return back.length > 0 ? back : undefined;
      },
      { what: "an offset that went back", boundMs: MOVED_BACK_BOUND_MS },
    );
    expect(movedBack.length).toBeGreaterThan(0);
  });
});
