import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { requiredEnvironment, TestFleet } from "../harness/test-fleet.js";
import { backwardCommits, complaintsAbout, readCommits, recompute } from "../oracle/index.js";
import { freezeInMidBatch } from "./frozen-worker.js";
import { sampleFile } from "./sample-file.js";

jest.setTimeout(300_000);

const ENVIRONMENT = {
  LASTKNOWN_WORKER_BATCH_RECORDS_MAX: "10",
  LASTKNOWN_WORKER_COMMIT_INTERVAL_MS: "1000",
  // The shortest that is allowed.
  LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: "6000",
};

describe("a worker that is stopped past its session and goes on", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.create({ prefix: "woken-worker", environment: ENVIRONMENT });
  });

  afterAll(async () => fleet?.close());

  it("harms nothing: no offset goes back, and audit, states and progress are right", async () => {
    const sleeper = await fleet.startWorker();
    const file = await sampleFile(fleet.folder, { users: 50, rows: 6_000, seed: 17 });
    const replay = fleet.start(["replay", file, "--rate", "1500"]);
    await freezeInMidBatch(sleeper, 30);
    // The group misses the sleeper, and the other gets all partitions.
    await fleet.startWorker();
    await replay.ended;
    await fleet.caughtUp();
    await sleeper.process.kill("SIGCONT");
    await fleet.run(["replay", file, "--speed", "max"]);
    await fleet.caughtUp();
    expect(sleeper.process.running).toBe(true);
    const commits = await readCommits({
      brokers: requiredEnvironment("LASTKNOWN_KAFKA_BROKERS"),
      group: `${fleet.name}.worker`,
      topic: `${fleet.name}.events`,
    });
    expect(commits.length).toBeGreaterThan(0);
    expect(backwardCommits(commits)).toEqual([]);
    const { arrivals } = recompute(file);
    const judgement = await fleet.judge({ expected: [...arrivals, ...arrivals], doublesAllowed: true });
    expect(complaintsAbout(judgement)).toEqual([]);
  });
});
