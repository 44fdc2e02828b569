import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { fleetNames } from "@lastknown/shared";
import { startMemoryService, until, type MemoryService } from "../memory-service-for-test.js";
import type { StatusSnapshot } from "./status-snapshot.js";

/** A busy machine takes its time. */
jest.setTimeout(60_000);

const NOON = Date.UTC(2024, 2, 10, 12) * 1000;
const WORKER = { memberId: "lastknown-1", clientId: "lastknown", host: "10.0.3.7", partitions: [0, 1, 2, 3] };
const names = fleetNames("test");
/** Longer than what was seen counts as now. */
const LONG_LOOK_MS = 1500;

describe("how a fleet stands, as its query service tells it", () => {
  let service: MemoryService;

  afterEach(() => service.query.stop());

  const status = async (): Promise<StatusSnapshot> =>
    (await (await service.get("/status")).json()) as StatusSnapshot;
  const arrivals = (user: string, number: number, appendedAtMs?: number) =>
    Array.from({ length: number }, (_, index) => {
      const timeStamp = NOON - index;
      return { user, timeStamp, sts: NOON + index, ...(appendedAtMs === undefined ? {} : { appendedAtMs }) };
    });

  test("says what waits, with whom and why, and names no user", async () => {
    service = await startMemoryService();
    service.join(WORKER);
    const { partition } = (await service.fleet.publish(arrivals("bus 7", 150)))[0]!;
    const seen = await until(status, ({ lag, members }) => {
      return lag.partitions[partition]?.reason != null && members?.length === 1;
    });
    expect(seen.lag.records).toBe(150);
    expect(seen.lag.partitions[partition]).toMatchObject({
      end: 150,
      committed: 0,
      lagRecords: 150,
      owner: "lastknown-1",
      reason: { kind: expect.any(String), text: expect.any(String) },
    });
    expect(seen.members).toEqual([WORKER]);
    expect(seen.lag.partitions.filter(({ lagRecords }) => lagRecords === 0)).toHaveLength(3);
    expect(JSON.stringify(seen)).not.toContain("bus 7");
  });

  test("counts verdicts of all that it folds, and delays of what came while the view was live", async () => {
    service = await startMemoryService({
      prepare: async ({ fleet }) => void (await fleet.publishAndAudit(arrivals("bus 7", 3))),
    });
    const started = await until(status, ({ view }) => view.hasCaughtUp && view.verdicts.stale === 2);
    expect(started.view.verdicts).toEqual({ applied: 1, stale: 2, duplicate: 0 });
    expect(started.freshness.lastMinute).toMatchObject({ count: 0, p99Seconds: null });
    await service.fleet.publishAndAudit(arrivals("tram", 2, Date.now() - 30_000));
    const live = await until(status, ({ freshness }) => freshness.lastMinute.count === 2);
    expect(live.freshness.lastMinute.p99Seconds).toBeGreaterThanOrEqual(30);
    expect(live.budget).toMatchObject({ seconds: 2, state: "broken" });
  });

  test("tells how fast records come and are done, and which were dead-lettered", async () => {
    service = await startMemoryService();
    await until(
      status,
      ({ rates, deadLetters }) => rates.inPerSecond === 0 && deadLetters.inLastMinute === 0,
    );
    const { partition } = (await service.fleet.publish(arrivals("bus 7", 50)))[0]!;
    await service.log.append(names.deadLetterTopic, [{ partition: 0, key: null, value: Buffer.from("x") }]);
    await until(status, ({ rates }) => (rates.inPerSecond ?? 0) > 0);
    service.commit(partition, 50);
    await until(status, ({ rates, lag }) => (rates.outPerSecond ?? 0) > 0 && lag.records === 0);
    await until(status, ({ deadLetters: { kept, inLastMinute } }) => kept === 1 && inLastMinute === 1);
  });

  test("tells nothing that it cannot know, while Kafka and Redis are away", async () => {
    service = await startMemoryService();
    await until(status, ({ budget }) => budget.state === "kept");
    service.log.unavailable = true;
    service.latest.unavailable = true;
    const away = await until(status, ({ servers }) => !servers.kafka && !servers.redis);
    expect(away.rates).toMatchObject({ inPerSecond: null, outPerSecond: null });
    expect(away.lag).toMatchObject({ records: null, seconds: null });
    expect(away.lag.partitions[0]).toMatchObject({ end: null, committed: null, lagRecords: null });
    expect(away.budget.state).toBe("unknown");
  });

  test("tells what waits, and of when, where a look at Kafka takes seconds though nothing fails", async () => {
    service = await startMemoryService();
    const { log } = service;
    await service.fleet.publish(arrivals("bus 7", 3));
    await until(status, ({ lag }) => lag.records === 3);
    const ends = log.ends.bind(log);
    log.ends = async (topic) => {
      await new Promise((resolve) => setTimeout(resolve, LONG_LOOK_MS));
      return await ends(topic);
    };
    const seen: StatusSnapshot[] = [];
    await until(
      async () => {
        seen.push(await status());
        return seen.filter(({ lag }) => (lag.lookedSecondsAgo ?? 0) > 1).length;
      },
      (old) => old > 20,
    );
    expect(seen.filter(({ servers, lag }) => !servers.kafka || lag.records !== 3)).toEqual([]);
  });

  test("goes on telling how the fleet stands while Redis takes questions and stays silent", async () => {
    service = await startMemoryService({ flags: { "query-redis-deadline-ms": "60000" } });
    const before = await until(status, ({ servers }) => servers.redis);
    service.latest.silent = true;
    const silent = await until(status, ({ servers }) => !servers.redis);
    expect(silent.servers).toEqual({ kafka: true, redis: false });
    expect(Date.parse(silent.at)).toBeGreaterThan(Date.parse(before.at));
    await until(status, ({ at }) => Date.parse(at) > Date.parse(silent.at));
  });
});
