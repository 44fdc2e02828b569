import { expect, test } from "@jest/globals";
import { fleetNames, MemoryLog, silentLogger, type GroupOffsets } from "@lastknown/shared";
import { Freshness } from "./freshness.js";
import { LogTracker } from "./log-tracker.js";

const names = fleetNames("test");
const groupOffsets: GroupOffsets = {
  committed: async () => new Map(),
  membership: async () => ({ isRebalancing: false, members: [] }),
};

test.each([0, -60_000, -3_600_000])(
  "a lack that was there before the service is told by no less than it was seen, with a clock %d ms ahead",
  async (aheadByMs) => {
    const times = { wallMs: 1_700_000_000_000, monotonicMs: 1_000 };
    const log = new MemoryLog({ now: () => times.wallMs });
    log.createTopic(names.eventsTopic, 1);
    log.createTopic(names.auditTopic, 1);
    await log.append(names.eventsTopic, [{ partition: 0, key: null, value: Buffer.from("x") }]);
    times.wallMs += 5_000;
    const monotonicMs = (): number => times.monotonicMs;
    const tracker = new LogTracker({
      names,
      reader: log,
      groupOffsets,
      fleetId: () => undefined,
      logger: silentLogger,
      monotonicMs,
    });
    const freshness = new Freshness({
      tracker,
      reader: log,
      eventsTopic: names.eventsTopic,
      partitions: 1,
      view: () => undefined,
      monotonicMs,
      nowMs: () => times.wallMs + aheadByMs,
    });
    await tracker.poll();
    times.monotonicMs += 700;
    times.wallMs += 700;
    await tracker.poll();
    expect(await freshness.lagOf(0, 0)).toBe(aheadByMs === 0 ? 5.7 : 0.7);
  },
);
