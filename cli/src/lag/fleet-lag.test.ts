import { describe, expect, test } from "@jest/globals";
import { fleetNames, MemoryGroupOffsets, MemoryLog } from "@lastknown/shared";
import { FleetLagWatch, type FleetLag, type FleetLagSources } from "./fleet-lag.js";
import { measureFleetLag } from "./measure-fleet-lag.js";
import { lagLines } from "./print-lag.js";

const names = fleetNames("buses");
const NOW_MS = 1_700_000_100_000;
/** What is read of a sample is more; the oldest record that waits costs less. */
const SAMPLE_BYTES_MIN = 100_000;
const ASKED = "http://127.0.0.1:8080";

type Sources = FleetLagSources & { log: MemoryLog; groupOffsets: MemoryGroupOffsets; pause: Pause };
type Pause = (ms: number) => Promise<void>;

/** Nobody waits for the clock. */
async function measured(sources: Sources, showUsers = false): Promise<FleetLag> {
  return await measureFleetLag(sources, { pause: sources.pause, showUsers });
}

function sources(options: {
  events: number[];
  committed?: [number, number][];
  note?: string;
  view?: number;
}): Promise<Sources> {
  const { events, committed = [], note = '{"fleet":"f1"}' } = options;
  const groupOffsets = new MemoryGroupOffsets();
  for (const [partition, offset] of committed)
    groupOffsets.commit(names.workerGroup, names.eventsTopic, partition, { offset, note });
  let monotonicMs = 1;
  let appendedAtMs = NOW_MS - 100_000;
  const log = new MemoryLog({
    topics: { [names.eventsTopic]: events.length },
    now: () => (appendedAtMs += 1000),
  });
  return append(log, names.eventsTopic, events).then(() => ({
    names,
    fleetId: "f1",
    reader: log,
    log,
    groupOffsets,
    view: { lagRecords: () => Promise.resolve(options.view ?? null) },
    now: () => NOW_MS,
    monotonicMs: () => monotonicMs,
    pause: (ms) => Promise.resolve(void (monotonicMs += ms)),
  }));
}

async function append(log: MemoryLog, topic: string, counts: number[]): Promise<void> {
  for (const [partition, count] of counts.entries()) {
    for (let index = 0; index < count; index++) {
      await log.append(topic, [{ partition, key: Buffer.from("a"), value: Buffer.from("b") }]);
    }
  }
}

describe("the fleet's lag", () => {
  test("counts the records from the committed offset to the end", async () => {
    const lag = await measured(
      await sources({
        events: [3, 2],
        committed: [
          [0, 1],
          [1, 2],
        ],
      }),
    );
    expect(lag.lag).toBe(2);
    expect(lag.partitions.map(({ lag: records }) => records)).toEqual([2, 0]);
  });

  test("counts what a tool has committed as not done", async () => {
    const lag = await measured(await sources({ events: [3], committed: [[0, 3]], note: "" }));
    expect([lag.lag, lag.partitions[0]?.committed]).toEqual([3, null]);
  });

  test("tells how long the oldest uncommitted record of the worst partition has waited", async () => {
    const lag = await measured(
      await sources({
        events: [3, 2],
        committed: [
          [0, 1],
          [1, 1],
        ],
      }),
    );
    // Records were appended at −99, −98, −97 s (partition 0) and −96, −95 s (partition 1).
    expect(lag.partitions.map(({ lagSeconds }) => lagSeconds)).toEqual([98, 95]);
    expect(lag.lagSeconds).toBe(98);
  });

  test("where nothing is committed all that is left in the log waits", async () => {
    const all = await sources({ events: [3, 2] });
    all.log.truncateBefore(names.eventsTopic, 0, 1);
    const lag = await measured(all);
    expect(lag.partitions.map(({ committed }) => committed)).toEqual([null, null]);
    expect(lag.lag).toBe(4);
  });

  test("the view's lag is null where no query service tells it", async () => {
    const lag = await measured(await sources({ events: [1] }));
    expect(lag.viewLag).toBeNull();
    // One may answer that it does not know.
    expect(lagLines(lag, ASKED)[1]).toBe(
      `view: unknown, no query service of this fleet tells its lag at ${ASKED}; where one is: --query-host, --query-port`,
    );
  });

  test("the view's lag is what its query service tells", async () => {
    expect((await measured(await sources({ events: [0], view: 6 }))).viewLag).toBe(6);
  });

  test("what cannot be read, as behind an open transaction, has waited for nobody knows how long", async () => {
    const all = await sources({ events: [3, 2], committed: [[0, 1]] });
    const appendedAt = all.log.appendedAt.bind(all.log);
    all.log.appendedAt = async (topic, partition, offset) =>
      partition === 1 ? undefined : await appendedAt(topic, partition, offset);
    const lag = await measured(all);
    expect([lag.lagSeconds, ...lag.partitions.map(({ lagSeconds }) => lagSeconds)]).toEqual([null, 98, null]);
    const [sum, , ...table] = lagLines(lag, ASKED);
    expect(sum).toBe("workers: 4 records not yet committed, the oldest for an unknown time");
    expect(table.map((line) => line.split(/ {2,}/).at(-2))).toEqual(["OLDEST WAITS", "98.0 s", "unknown"]);
  });

  test("a committed offset past the end, as after a topic was made anew, is no negative lag", async () => {
    const lag = await measured(await sources({ events: [2], committed: [[0, 9]] }));
    expect(lag.lag).toBe(0);
  });

  test("people see a line per partition that is behind, and none where nothing waits", async () => {
    const behind = lagLines(await measured(await sources({ events: [3, 2], committed: [[1, 2]] })), ASKED);
    expect(behind.join("\n")).toMatch(/3 records not yet committed/);
    expect(behind.slice(2)).toEqual([
      "PARTITION  COMMITTED  END  LAG  OLDEST WAITS  WHY",
      "        0       none    3    3        99.0 s  no worker is in the group",
    ]);
    expect(lagLines(await measured(await sources({ events: [0] })), ASKED)).toHaveLength(2);
  });

  describe("and why:", () => {
    const OWNER = {
      memberId: "m1",
      clientId: "lastknown",
      host: "10.0.0.3",
      partitions: [0, 1],
      sessionTimeoutMs: 30_000,
    };
    const join = ({ groupOffsets }: Sources): void =>
      groupOffsets.join(names.workerGroup, names.eventsTopic, OWNER);
    const waits: Parameters<typeof sources>[0] = { events: [30, 0], committed: [[0, 0]] };

    /** Pauses as long as they are told to, and counts it; something happens meanwhile. */
    const pausing = (all: Sources, meanwhile: (ms: number) => void = () => undefined) => {
      const paused = { ms: 0 };
      const pause: Pause = async (ms) => {
        meanwhile(ms);
        paused.ms += ms;
        await all.pause(ms);
      };
      return { ...all, pause, paused };
    };

    test("nothing waits, and nobody waits for a second look", async () => {
      const all = pausing(await sources({ events: [3], committed: [[0, 3]] }));
      expect((await measured(all)).partitions[0]?.reason).toEqual({ kind: "none" });
      expect(all.paused.ms).toBe(0);
    });

    test("two looks tell how fast the workers are", async () => {
      const waiting = await sources(waits);
      join(waiting);
      let offset = 0;
      const all = pausing(waiting, (ms) => {
        const committed = { offset: (offset += ms / 200), note: '{"fleet":"f1"}' };
        waiting.groupOffsets.commit(names.workerGroup, names.eventsTopic, 0, committed);
      });
      const lag = await measured(all);
      const pace = { committedPerSecond: 5, appendedPerSecond: 0 };
      expect(lag.partitions[0]).toMatchObject({
        lag: 25,
        reason: { kind: "catching_up", doneInSeconds: 5, ...pace },
        remarks: [],
      });
      expect(all.paused.ms).toBe(1000);
      expect(lagLines(lag, ASKED).at(-1)).toMatch(/ {2}done in about 5 s, at 5.0 records\/s$/);
    });

    test("more looks tell that an owner which stays silent is dead", async () => {
      const waiting = await sources(waits);
      join(waiting);
      const all = pausing(waiting);
      const { memberId, clientId, host } = OWNER;
      const dead = { kind: "member_dead", memberId, clientId, host };
      const lag = await measured(all);
      const reason = { ...dead, silentSeconds: 5, takenAwayWithinSeconds: 25 };
      expect(lag.partitions[0]?.reason).toEqual(reason);
      expect(all.paused.ms).toBe(5000);
    });

    test("one that nothing explains is looked at for some seconds, and no longer", async () => {
      const waiting = await sources({ events: [3] });
      join(waiting);
      const all = pausing(waiting);
      expect((await measured(all)).partitions[0]?.reason).toEqual({ kind: "unknown" });
      expect(all.paused.ms).toBeLessThan(8000);
    });

    test("a watch looks again and again, and seldom into what waits", async () => {
      const waiting = await sources({ events: [200, 150, 30] });
      join(waiting);
      const read = waiting.log.read.bind(waiting.log);
      let reads = 0;
      waiting.log.read = async (topic, partition, offset, limits) => {
        if (limits.bytesMax > SAMPLE_BYTES_MIN) reads++;
        return await read(topic, partition, offset, limits);
      };
      const watch = new FleetLagWatch(waiting);
      for (let look = 0; look < 30; look++) {
        await watch.look();
        await watch.measure();
        await waiting.pause(1000);
      }
      // Two partitions, twice.
      expect(reads).toBe(4);
    });

    test("the lag is told also where the group does not answer", async () => {
      const all = await sources(waits);
      all.groupOffsets.membership = () => Promise.reject(new Error("away"));
      expect((await measured(all)).partitions[0]).toMatchObject({ lag: 30, reason: { kind: "unknown" } });
    });
  });
});
