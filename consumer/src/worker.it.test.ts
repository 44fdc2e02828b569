import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { auditRecordKind, bucketOf, decodeAuditEntry, RedisKeys, silentLogger } from "@lastknown/shared";
import { startWorker, type RunningWorker } from "./index.js";
import { eventually } from "./eventually.js";
import { TestFleet } from "./test-fleet.js";

const NOW = Date.UTC(2024, 2, 10) * 1000;

describe("a worker on the real servers", () => {
  let fleet: TestFleet;
  const workers: RunningWorker[] = [];
  beforeEach(async () => {
    fleet = new TestFleet();
    await fleet.create();
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    await fleet.remove();
  });

  const start = async (): Promise<RunningWorker> => {
    const worker = await startWorker(fleet.settings, { logger: silentLogger });
    workers.push(worker);
    return worker;
  };

  test("brings each arrival into the audit, the newest into Redis, and commits", async () => {
    const events = [0, 2, 1].map((second) => ({
      user: "bus 7",
      timeStamp: NOW + second * 1_000_000,
      sts: NOW + 10_000_000,
      attributes: { speed: second },
    }));
    await fleet.produce(events.map((event) => fleet.recordOf(event)));
    await start();
    await eventually("committed", async () => (await fleet.lag()) === 0);

    const user = "bus 7";
    const state = await fleet.redis.hgetall(new RedisKeys(fleet.names.fleet).state(user));
    expect(state).toMatchObject({
      time_stamp: "2024-03-10T00:00:02.000000Z",
      sts: "2024-03-10T00:00:10.000000Z",
      attributes: '{"speed":2}',
    });
    expect(state["source"]).toMatch(/^test-.*\.events\/\d\/1$/);
    const audit = [...(await fleet.recordsOf(fleet.names.auditTopic)).values()].flat();
    const entries = audit.filter(({ key }) => auditRecordKind(key!)?.kind === "entry");
    expect(entries.map(({ value }) => decodeAuditEntry(value!).offset)).toEqual([0, 1, 2]);
    const progress = await fleet.redis.get(
      new RedisKeys(fleet.names.fleet).progress(bucketOf(Buffer.from(user))),
    );
    expect(progress).toBe("3");
  });
});
