import { describe, expect, it } from "@jest/globals";
import {
  EventEncoder,
  evolveEventSchema,
  fleetNames,
  MemoryGroupOffsets,
  MemoryLog,
  silentLogger,
  SILENT_SECONDS_MAX,
  type LogReader,
} from "@lastknown/shared";
import type { LogPositions } from "../freshness/log-tracker.js";
import { LagReasons } from "./lag-reasons.js";

const names = fleetNames("buses");
const encoder = new EventEncoder(evolveEventSchema(undefined, []), 1);
const OWNER = { memberId: "m1", clientId: "lastknown", host: "10.0.0.3", partitions: [0, 1] };

/** Two partitions, of which the first holds records, all of one user; nothing is committed. */
async function watched(records = 300) {
  const log = new MemoryLog({ topics: { [names.eventsTopic]: 2 } });
  const sts = Date.UTC(2024, 0, 1) * 1000;
  const event = { user: "bus 7", timeStamp: sts, sts, attributes: {}, eventId: "0".repeat(32) };
  const record = { partition: 0, key: Buffer.from(event.user), value: encoder.encode(event) };
  await log.append(
    names.eventsTopic,
    Array.from({ length: records }, () => record),
  );
  const groupOffsets = new MemoryGroupOffsets();
  groupOffsets.join(names.workerGroup, names.eventsTopic, OWNER);
  const asked = { reads: 0, groups: 0 };
  const reader: Pick<LogReader, "read"> = {
    read: async (...place) => {
      asked.reads++;
      return await log.read(...place);
    },
  };
  const clock = { seconds: 1 };
  const committed = { offset: 0, note: '{"fleet":"f1"}' };
  const seen: { positions: LogPositions | undefined } = { positions: undefined };
  const commits = new Map([[0, committed]]);
  const see = async (): Promise<void> => {
    seen.positions = {
      lookedAtMs: clock.seconds * 1000,
      events: await log.ends(names.eventsTopic),
      committed: new Map([[0, committed.offset]]),
      commits: new Map([...commits].map(([partition, commit]) => [partition, { ...commit }])),
      auditEnds: new Map(),
    };
  };
  await see();
  const reasons = new LagReasons({
    names,
    positions: () => seen.positions,
    groupOffsets: {
      membership: async (...group) => {
        asked.groups++;
        return await groupOffsets.membership(...group);
      },
    },
    reader,
    logger: silentLogger,
    monotonicMs: () => clock.seconds * 1000,
    nowMs: () => clock.seconds * 1000,
  });
  const kinds = (): (string | undefined)[] =>
    [0, 1].map((partition) => reasons.lagReasons?.get(partition)?.reason.kind);
  return { reasons, asked, clock, committed, seen, see, kinds, groupOffsets };
}

describe("why the workers lag, as a query service finds out", () => {
  it("is not known before the first look, nor while Kafka does not tell where the logs end", async () => {
    const { reasons, seen, clock, kinds } = await watched();
    expect(reasons.lagReasons).toBeUndefined();
    await reasons.look();
    expect(kinds()).toEqual(["hot_partition", "none"]);
    seen.positions = undefined;
    clock.seconds += 60;
    await reasons.look();
    expect(reasons.lagReasons).toBeUndefined();
  });

  it("names no user", async () => {
    const { reasons } = await watched();
    await reasons.look();
    expect(JSON.stringify([...(reasons.lagReasons ?? [])])).not.toContain("bus 7");
  });

  it("costs one bounded read in a while, and asks nobody where nothing waits", async () => {
    const { reasons, asked, clock, committed, see } = await watched();
    for (let look = 0; look < 30; look++, clock.seconds++) await reasons.look();
    expect(asked).toEqual({ reads: 2, groups: 30 });
    committed.offset = 300;
    await see();
    for (let look = 0; look < 30; look++, clock.seconds++) await reasons.look();
    expect(asked).toEqual({ reads: 2, groups: 30 });
  });

  it("is the owner's death, once it was silent for long", async () => {
    const { reasons, clock, kinds } = await watched(50);
    await reasons.look();
    expect(kinds()).toEqual(["unknown", "none"]);
    clock.seconds += SILENT_SECONDS_MAX;
    await reasons.look();
    expect(kinds()).toEqual(["member_dead", "none"]);
  });

  it("is told as far as it is known where the group or the log does not answer", async () => {
    const { seen, clock } = await watched();
    const never = (): Promise<never> => Promise.reject(new Error("away"));
    const reasons = new LagReasons({
      names,
      positions: () => seen.positions,
      groupOffsets: { membership: never },
      reader: { read: never },
      logger: silentLogger,
      monotonicMs: () => clock.seconds * 1000,
    });
    await reasons.look();
    expect(reasons.lagReasons?.get(0)?.reason).toEqual({ kind: "unknown" });
  });

  it("goes on by itself until it is stopped", async () => {
    const { reasons, asked } = await watched();
    reasons.start();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await reasons.stop();
    const { groups } = asked;
    expect(groups).toBeGreaterThan(0);
    await reasons.look();
    expect(asked.groups).toBe(groups + 1);
  });
});
