import { expect, test } from "@jest/globals";
import { fleetNames, MemoryLog, silentLogger, type GroupOffsets } from "@lastknown/shared";
import { Freshness } from "./freshness.js";
import { LogTracker } from "./log-tracker.js";

const names = fleetNames("test");
const groupOffsets: GroupOffsets = {
  committed: async () => new Map(),
  membership: async () => ({ isRebalancing: false, members: [] }),
};

/** The freshness of one partition, whose log is looked at as time passes. */
async function standing(aheadByMs: number) {
  const times = { wallMs: 1_700_000_000_000, monotonicMs: 1_000 };
  const log = new MemoryLog({ now: () => times.wallMs });
  log.createTopic(names.eventsTopic, 1);
  log.createTopic(names.auditTopic, 1);
  const monotonicMs = (): number => times.monotonicMs;
  const reading = { reader: log, logger: silentLogger, monotonicMs };
  const tracker = new LogTracker({ names, groupOffsets, fleetId: () => undefined, ...reading });
  const freshness = new Freshness({
    tracker,
    reader: log,
    eventsTopic: names.eventsTopic,
    partitions: 1,
    view: () => undefined,
    monotonicMs,
    nowMs: () => times.wallMs + aheadByMs,
  });
  const append = async (): Promise<void> => {
    await log.append(names.eventsTopic, [{ partition: 0, key: null, value: Buffer.from("x") }]);
  };
  const passUnseen = (ms: number): void => {
    times.monotonicMs += ms;
    times.wallMs += ms;
  };
  const pass = async (ms: number): Promise<void> => {
    passUnseen(ms);
    await tracker.poll();
  };
  return { log, freshness, append, pass, passUnseen };
}

test.each([-600_000, -1_000, 0, 1_000, 600_000])(
  "what a store lacks for long under load is told by no less but what the clocks differ a little, with a clock %d ms ahead",
  async (aheadByMs) => {
    const { freshness, append, pass } = await standing(aheadByMs);
    await append();
    await pass(1000);
    for (let second = 1; second < 480; second++) {
      await append();
      await pass(1000);
    }
    // The second record came 478 s before the last look, and the look before that did not see it.
    const lag = await freshness.lagOf(0, 1);
    expect(lag).toBeGreaterThanOrEqual(aheadByMs === -1_000 ? 478 : 479);
    expect(lag).toBeLessThanOrEqual(480 * 1.25);
  },
);

test("what a store lacks is of unknown age where the log does not have it any more", async () => {
  const { log, freshness, append, pass } = await standing(0);
  for (let records = 0; records < 10; records++) await append();
  await pass(1000);
  log.truncateBefore(names.eventsTopic, 0, 5);
  await pass(1000);
  expect(await freshness.lagOf(0, 4)).toBe("unknown");
  expect(await freshness.lagOf(0, 5)).toEqual(expect.any(Number));
  log.truncateBefore(names.eventsTopic, 0, 10);
  await pass(1000);
  expect(await freshness.lagOf(0, 9)).toBe("unknown");
  expect(await freshness.lagOf(0, 10)).toBe(0);
});

test.each([0, -60_000, -3_600_000])(
  "a lack that was there before the service is told by no less than it was seen, with a clock %d ms ahead",
  async (aheadByMs) => {
    const { freshness, append, pass, passUnseen } = await standing(aheadByMs);
    await append();
    passUnseen(5_000);
    await pass(0);
    await pass(700);
    expect(await freshness.lagOf(0, 0)).toBe(aheadByMs === 0 ? 5.7 : 0.7);
  },
);
