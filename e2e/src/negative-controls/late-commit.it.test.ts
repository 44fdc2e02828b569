import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { readMetric } from "../faults/read-metrics.js";
import { requiredEnvironment, type TestFleet } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import {
  backwardCommits,
  complaintsAbout,
  readCommits,
  readTopicEnds,
  recompute,
  type Commit,
} from "../oracle/index.js";
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
const TAKEN = "the late commit was taken";
const REFUSED = "the late commit was refused";
/** Only the worker that is told so holds its first commit, until the file that it is told of is there. */
const heldUntilReleased = (commit: string): string => `
  const releasedBy = process.env.TEST_COMMIT_RELEASED_BY;
  if (releasedBy !== undefined && releasedBy !== "" && [...offsets.values()].some((offset) => offset > 0)) {
    process.env.TEST_COMMIT_RELEASED_BY = "";
    const { existsSync } = await import("node:fs");
    while (!existsSync(releasedBy)) await new Promise((wake) => setTimeout(wake, 20));
    try {
      ${commit}
      console.error("${TAKEN}");
    } catch (error) {
      console.error("${REFUSED}");
      throw error;
    }
    return "committed";
  }
  ${AT.from}`;
const LATE_BY_ITS_OWN_GENERATION = { ...AT, to: heldUntilReleased(AT.from) };
/** As kafkajs commits. */
const LATE_BY_THE_NEWEST_GENERATION = {
  ...AT,
  to: heldUntilReleased("await this.#coordinator.commit(this.#coordinator.joined, topic, commits);"),
};
const SAID_BOUND_MS = 60_000;

interface LateCommit {
  readonly fleet: TestFleet;
  /** What was replayed. */
  readonly file: string;
}

describe("a commit that comes when its partitions have gone to another worker", () => {
  const brokers = requiredEnvironment("LASTKNOWN_KAFKA_BROKERS");
  const fleets = new ControlFleets();

  afterEach(async () => fleets.close());

  /** Resolves when a worker's first commit was made after all records were done and committed by those that came after. */
  const commitLate = async (late: BuildChange, outcome: string): Promise<LateCommit> => {
    const changes = [late];
    const fleet = await fleets.create({ prefix: "late-commit", environment: ENVIRONMENT, changes });
    const file = await replaySample(fleet, { users: 40, rows: 2_000, seed: 4 });
    const releasedBy = join(fleet.folder, "commit released");
    const sleeper = await fleet.startWorker({ TEST_COMMIT_RELEASED_BY: releasedBy });
    await fleet.startWorker();
    await fleet.caughtUp();
    await writeFile(releasedBy, "");
    const said = (): true | undefined => sleeper.process.stderr.end(Infinity).includes(outcome) || undefined;
    await waitUntil(said, { what: outcome, boundMs: SAID_BOUND_MS });
    return { fleet, file };
  };
  const commitsOf = (fleet: TestFleet): Promise<Commit[]> =>
    readCommits({ brokers, group: `${fleet.name}.worker`, topic: `${fleet.name}.events` });
  const expectRight = async (fleet: TestFleet, file: string): Promise<void> => {
    const expected = recompute(file).arrivals;
    expect(complaintsAbout(await fleet.judge({ expected, doublesAllowed: true }))).toEqual([]);
  };

  it("is refused, and the fleet is right", async () => {
    const { fleet, file } = await commitLate(LATE_BY_ITS_OWN_GENERATION, REFUSED);
    const commits = await commitsOf(fleet);
    expect(commits.length).toBeGreaterThan(0);
    expect(backwardCommits(commits)).toEqual([]);
    await expectRight(fleet, file);
  });

  it("is caught moving an offset back where the newest generation is used; that costs redelivery alone", async () => {
    const { fleet, file } = await commitLate(LATE_BY_THE_NEWEST_GENERATION, TAKEN);
    expect(backwardCommits(await commitsOf(fleet))).not.toEqual([]);
    // All was committed once, and who has it has nothing new to commit.
    const { lag } = await fleet.untilLag(() => true);
    expect(lag).toBeGreaterThan(0);
    const entries = await readTopicEnds({ brokers, topic: `${fleet.name}.audit` });

    await fleet.killAll();
    const next = await fleet.startWorker();
    await fleet.caughtUp();
    expect(await readMetric(next, "lastknown_records_total")).toBe(lag);
    expect(await readTopicEnds({ brokers, topic: `${fleet.name}.audit` })).toEqual(entries);
    await expectRight(fleet, file);
  });
});
