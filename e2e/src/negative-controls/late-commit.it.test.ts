import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { sampleFile } from "../faults/sample-file.js";
import { requiredEnvironment, TestFleet } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { backwardCommits, complaintsAbout, readCommits, type Commit } from "../oracle/index.js";
import { ProductCopy } from "./product-copy.js";

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
/** Kafka's tool gives up before its first record where the machine is busy. */
const COMMITS_BOUND_MS = 90_000;

describe("a commit that comes when its partitions have gone to another worker", () => {
  const brokers = requiredEnvironment("LASTKNOWN_KAFKA_BROKERS");
  let copy: ProductCopy;
  let fleet: TestFleet;

  beforeEach(async () => {
    copy = await ProductCopy.make();
  });

  afterEach(async () => {
    await fleet?.close();
    await copy.remove();
  });

  /** One worker holds its first commit until another has had half of its partitions for a while. */
  const start = async (): Promise<void> => {
    fleet = await TestFleet.create({ prefix: "late-commit", bin: copy.bin, environment: ENVIRONMENT });
    await fleet.replay(await sampleFile(fleet.folder, { users: 40, rows: 2_000, seed: 4 }));
    await fleet.startWorker({ TEST_HOLDS_COMMIT: "yes" });
    await fleet.startWorker();
  };
  const commitsOfTheRun = (): Promise<Commit[]> =>
    readCommits({ brokers, group: `${fleet.name}.worker`, topic: `${fleet.name}.events` });

  it("is refused, and the fleet is right", async () => {
    await copy.change(LATE_BY_ITS_OWN_GENERATION);
    await start();
    await fleet.caughtUp();
    const commits = await waitUntil(
      async () => {
        const taken = await commitsOfTheRun();
        return taken.length > 0 ? taken : undefined;
      },
      { what: "the commits", boundMs: COMMITS_BOUND_MS },
    );
    expect(backwardCommits(commits)).toEqual([]);
    expect(complaintsAbout(await fleet.judge({ doublesAllowed: true }))).toEqual([]);
  });

  it("is caught moving an offset back where the newest generation is used", async () => {
    await copy.change(LATE_BY_THE_NEWEST_GENERATION);
    await start();
    const movedBack = await waitUntil(
      async () => {
        const back = backwardCommits(await commitsOfTheRun());
        return back.length > 0 ? back : undefined;
      },
      { what: "an offset that went back", boundMs: MOVED_BACK_BOUND_MS },
    );
    expect(movedBack.length).toBeGreaterThan(0);
  });
});
