import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { readMetrics } from "./faults/read-metrics.js";
import { sampleFile } from "./faults/sample-file.js";
import { TestFleet, type QueryService } from "./harness/test-fleet.js";
import { waitUntil } from "./harness/wait-until.js";

jest.setTimeout(180_000);

const ROWS = 500;
const SESSION = { LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: "6000" };
const NOTICED_WITHIN_MS = 30_000;
const TOLD_WITHIN_MS = 10_000;

describe("the workers' lag, as a query service tells it", () => {
  let fleet: TestFleet;
  let query: QueryService;

  beforeAll(async () => {
    fleet = await TestFleet.create({ prefix: "consumer-lag", partitions: 4, environment: SESSION });
    query = await fleet.startQuery();
  });
  afterAll(async () => fleet?.close());

  /** Resolves with the metrics once they are so. */
  const metricsOnce = (
    what: string,
    holds: (metrics: ReadonlyMap<string, number>) => boolean,
    boundMs: number,
  ) =>
    waitUntil(
      async () => {
        const metrics = await readMetrics(query);
        return holds(metrics) ? metrics : undefined;
      },
      { what, boundMs },
    );
  const group = (): string => `consumergroup="${fleet.name}.worker"`;
  const lagSum = (): string => `kafka_consumergroup_lag_sum{${group()},topic="${fleet.name}.events"}`;
  const members = (): string => `kafka_consumergroup_members{${group()}}`;
  const waited = (metrics: ReadonlyMap<string, number>): number =>
    Math.max(
      ...[0, 1, 2, 3].map(
        (one) => metrics.get(`lastknown_consumer_lag_seconds{partition="${one}"}`) ?? Number.NaN,
      ),
    );

  /** Those that hold of any partition. */
  const reasonsIn = (metrics: ReadonlyMap<string, number>): Set<string> => {
    const holding = [...metrics].filter(([, value]) => value === 1).map(([name]) => name);
    return new Set(
      holding.flatMap((name) => /^lastknown_consumer_lag_reason\{.*reason="(.+)"/.exec(name)?.[1] ?? []),
    );
  };

  it("is 0 when all is done, and grows in records and seconds when all workers are dead", async () => {
    const worker = await fleet.startWorker();
    await fleet.replay(await sampleFile(fleet.folder, { users: 20, rows: ROWS, seed: 3 }));
    await fleet.caughtUp(query);
    const well = await metricsOnce("no lag", (metrics) => metrics.get(lagSum()) === 0, TOLD_WITHIN_MS);
    expect([well.get(members()), waited(well)]).toEqual([1, 0]);
    await metricsOnce("nothing to explain", (metrics) => reasonsIn(metrics).has("none"), TOLD_WITHIN_MS);

    await worker.process.kill("SIGKILL");
    await fleet.replay(await sampleFile(fleet.folder, { users: 20, rows: ROWS, seed: 4 }));
    await metricsOnce("all records to wait", (metrics) => metrics.get(lagSum()) === ROWS, TOLD_WITHIN_MS);
    const dead = await metricsOnce(
      "nobody in the group",
      (metrics) => metrics.get(members()) === 0,
      NOTICED_WITHIN_MS,
    );
    expect(dead.get(lagSum())).toBe(ROWS);
    const why = await metricsOnce(
      "why they wait",
      (metrics) => reasonsIn(metrics).has("no_member"),
      TOLD_WITHIN_MS,
    );
    expect([...reasonsIn(why)]).toEqual(["no_member"]);
    await metricsOnce("their wait to grow", (metrics) => waited(metrics) > 1, TOLD_WITHIN_MS);
    // By the command, which asks Kafka itself.
    expect((await fleet.untilLag(() => true)).lag).toBe(ROWS);

    await fleet.startWorker();
    await metricsOnce(
      "no lag",
      (metrics) => metrics.get(lagSum()) === 0 && metrics.get(members()) === 1,
      TOLD_WITHIN_MS,
    );
  });
});
