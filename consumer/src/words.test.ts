import { describe, expect, test } from "@jest/globals";
import { KafkaUnavailableError, parseCommitNote, partitionOf, type WorkerWord } from "@lastknown/shared";
import { eventually } from "./eventually.js";
import { MemoryWorkerGroup } from "./group/memory/memory-worker-group.js";
import type { WorkerGroup } from "./group/worker-group.js";
import { fleetOf, Lines, recordsOf } from "./healing-for-test.js";
import { StatesUnavailableError } from "./states/state-store.js";
import type { FakeFleet } from "./worker-on-fakes.js";

/** More than a record may end its process, alone and in a batch. */
const LIVES = 4;
/** Of a note, a tenth of a second each: longer than a worker keeps silent. */
const REFUSALS = 40;
/** Each half a second after the one before. */
const WORDS_REFUSED = 3;

const produce = async (fleet: FakeFleet, user: string, timeStamp: number): Promise<void> =>
  await fleet.produce([fleet.recordOf(fleet.eventOf({ user, timeStamp, sts: timeStamp, attributes: {} }))]);
const wordIn = (fleet: FakeFleet, partition = 0): WorkerWord | undefined =>
  parseCommitNote(fleet.coordinator.notes.get(partition)).word;

/** A user of each of two partitions. */
const [FIRST = "", SECOND = ""] = [0, 1].map((partition) =>
  Array.from({ length: 20 }, (_, index) => `user ${index}`).find(
    (user) => partitionOf(Buffer.from(user), 2) === partition,
  ),
);

/** A store that can be away, and a group that keeps all that is committed in it. */
function serversOf(fleet: FakeFleet) {
  const redis = { isAway: false, asked: 0 };
  const refuse = (): void => {
    redis.asked++;
    if (redis.isAway) throw new StatesUnavailableError("memory");
  };
  const states = fleet.storeWith(async (calls) => {
    refuse();
    return await fleet.states.apply(calls);
  });
  const real = new MemoryWorkerGroup(fleet.coordinator);
  const commits: { partition: number; offset: number; note: string }[] = [];
  const group: WorkerGroup = {
    join: (listener) => real.join(listener),
    leave: () => real.leave(),
    committed: () => real.committed(),
    commit: async (generation, offsets, notes) => {
      for (const [partition, offset] of offsets)
        commits.push({ partition, offset, note: notes?.get(partition) ?? "" });
      return await real.commit(generation, offsets, notes);
    },
  };
  return { redis, states, group, commits };
}

describe("a worker that commits nothing", () => {
  test("says that it waits for Redis, again and again, and moves no offset by it", async () => {
    const fleet = await fleetOf();
    const { redis, states, group, commits } = serversOf(fleet);
    const worker = fleet.worker({ states, group });
    await worker.start();
    await produce(fleet, "a", 1);
    await eventually("caught up", () => fleet.isCaughtUp());
    redis.isAway = true;
    await produce(fleet, "a", 2);
    await eventually("says so", () => wordIn(fleet)?.on === "redis");
    const first = wordIn(fleet);
    await eventually("says so again", () => wordIn(fleet)?.at !== first?.at);
    expect(wordIn(fleet)?.forMs).toBeGreaterThan(first?.forMs ?? Infinity);
    expect(fleet.coordinator.committed.get(0)).toBe(1);
    redis.isAway = false;
    await eventually("caught up again", () => fleet.isCaughtUp());
    expect(wordIn(fleet)).toBeUndefined();
    await worker.stop();
    const offsets = commits.map(({ offset }) => offset);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
  });

  test("takes its word back where there is nothing to commit afterwards", async () => {
    const fleet = await fleetOf();
    const { redis, states, group } = serversOf(fleet);
    const worker = fleet.worker({ states, group });
    await worker.start();
    await produce(fleet, "a", 1);
    await eventually("caught up", () => fleet.isCaughtUp());
    // Its buckets are touched for ever.
    redis.isAway = true;
    await eventually("says so", () => wordIn(fleet)?.on === "redis");
    redis.isAway = false;
    await eventually("says nothing", () => wordIn(fleet) === undefined);
    expect(fleet.coordinator.committed.get(0)).toBe(1);
    await worker.stop();
  });

  test("says of one partition that it waits for the registry, and nothing of another that goes on", async () => {
    const fleet = await fleetOf(2);
    const worker = fleet.worker();
    await worker.start();
    for (const user of [FIRST, SECOND]) await produce(fleet, user, 1);
    await eventually("caught up", () => fleet.isCaughtUp());
    fleet.registry.isReachable = false;
    const unknown = fleet.recordOf(fleet.eventOf({ user: FIRST, timeStamp: 2, sts: 2, attributes: {} }));
    const value = Buffer.from(unknown.value ?? "");
    value.writeUInt32BE(77, 1);
    await fleet.produce([{ ...unknown, value }]);
    await eventually("says so", () => wordIn(fleet, 0)?.on === "registry");
    await produce(fleet, SECOND, 2);
    await eventually("the other goes on", () => fleet.coordinator.committed.get(1) === 2);
    const first = wordIn(fleet, 0);
    await eventually("says so again", () => wordIn(fleet, 0)?.at !== first?.at);
    expect(wordIn(fleet, 1)).toBeUndefined();
    await worker.stop();
  });

  test("says that it works, where a batch takes long", async () => {
    const fleet = await fleetOf();
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const states = fleet.storeWith(async (calls) => {
      if (calls.some(({ states }) => states.length > 0)) await held;
      return await fleet.states.apply(calls);
    });
    const worker = fleet.worker({ states });
    await worker.start();
    await produce(fleet, "a", 1);
    await eventually("says so", () => wordIn(fleet)?.on === "work");
    // Nothing was committed before: it stands where the work began, and the count of deaths with it.
    expect(fleet.coordinator.committed.get(0)).toBe(0);
    expect(parseCommitNote(fleet.coordinator.notes.get(0)).begun).toEqual({ at: 0, times: 1 });
    goOn();
    await eventually("caught up", () => fleet.isCaughtUp());
    expect(parseCommitNote(fleet.coordinator.notes.get(0))).toEqual({ fleet: fleet.record.id });
    await worker.stop();
  });

  test("says that it is idle, where somebody's open transaction withholds what waits", async () => {
    const fleet = await fleetOf();
    const worker = fleet.worker();
    await worker.start();
    await produce(fleet, "a", 1);
    await eventually("caught up", () => fleet.isCaughtUp());
    const transaction = fleet.log.openTransaction(fleet.names.eventsTopic, 0);
    await produce(fleet, "a", 2);
    await eventually("says so", () => wordIn(fleet)?.on === "idle");
    const first = wordIn(fleet);
    await eventually("says so again", () => wordIn(fleet)?.at !== first?.at);
    expect(fleet.coordinator.committed.get(0)).toBe(1);
    transaction.end();
    await eventually("caught up again", () => fleet.isCaughtUp());
    expect(wordIn(fleet)).toBeUndefined();
    await worker.stop();
  });

  test("says that it tries a record apart, of its partition alone", async () => {
    const fleet = await fleetOf(2);
    const worker = fleet.worker({
      settings: { recordAttemptsMax: 1000, retryDelayMs: 20, retryDelayMaxMs: 20 },
      judge: (judge) => ({
        judge: (partition, ...rest) => {
          if (partition === 0) throw new TypeError("nobody foresaw it");
          return judge.judge(partition, ...rest);
        },
      }),
    });
    for (const user of [FIRST, SECOND]) await produce(fleet, user, 1);
    await worker.start();
    await eventually("says so", () => wordIn(fleet, 0)?.on === "apart");
    expect(wordIn(fleet, 1)?.on).not.toBe("apart");
    worker.failed(new Error("the test is over"));
    await worker.stop();
  });

  test("logs once that it may not say so, and once that it may again", async () => {
    const fleet = await fleetOf();
    const { redis, states, group } = serversOf(fleet);
    let refused = 0;
    const refusing: WorkerGroup = {
      ...group,
      commit: async (generation, offsets, notes) => {
        const isWord = [...(notes?.values() ?? [])].some((note) => parseCommitNote(note).word !== undefined);
        if (isWord && refused < WORDS_REFUSED) {
          refused++;
          throw new Error("a right is missing");
        }
        return await group.commit(generation, offsets, notes);
      },
    };
    const lines = new Lines();
    const worker = fleet.worker({ states, group: refusing, logger: lines.logger });
    await worker.start();
    await produce(fleet, "a", 1);
    await eventually("caught up", () => fleet.isCaughtUp());
    redis.isAway = true;
    await eventually("says so", () => wordIn(fleet)?.on === "redis");
    expect(refused).toBe(WORDS_REFUSED);
    expect(lines.of("nothing said beside the offsets")).toHaveLength(1);
    await eventually("logs it", () => lines.of("said beside the offsets again").length > 0);
    const first = wordIn(fleet);
    await eventually("says so again", () => wordIn(fleet)?.at !== first?.at);
    expect(lines.of("said beside the offsets again")).toHaveLength(1);
    redis.isAway = false;
    await worker.stop();
  });

  test("says nothing of work that has not begun, as it is not noted yet", async () => {
    const fleet = await fleetOf();
    const { states, group } = serversOf(fleet);
    let refused = 0;
    const refusing: WorkerGroup = {
      ...group,
      commit: async (generation, offsets, notes) => {
        const isNote = [...(notes?.values() ?? [])].some((note) => parseCommitNote(note).word === undefined);
        if (isNote && refused++ < REFUSALS) throw new KafkaUnavailableError(["test"], "take a note");
        return await group.commit(generation, offsets, notes);
      },
    };
    const settings = { retryDelayMs: 100, retryDelayMaxMs: 100 };
    const worker = fleet.worker({ states, group: refusing, settings });
    await worker.start();
    await produce(fleet, "a", 1);
    // Words would be taken all the while, and are due.
    await eventually("was refused", () => refused >= REFUSALS);
    expect(fleet.coordinator.notes.get(0) ?? "").not.toContain("begun");
    await eventually("caught up", () => fleet.isCaughtUp());
    await worker.stop();
  });

  test("and is killed while it says that it waits has held nothing against a record", async () => {
    const fleet = await fleetOf();
    await produce(fleet, "a", 1);
    for (let life = 0; life < LIVES; life++) {
      fleet.coordinator.forgetMembers();
      const { redis, states, group } = serversOf(fleet);
      redis.isAway = true;
      let isDead = false;
      const mortal: WorkerGroup = {
        ...group,
        commit: async (...commit) =>
          isDead ? await new Promise<never>(() => undefined) : await group.commit(...commit),
      };
      // Away once the worker has begun.
      const worker = fleet.worker({ states, group: mortal, settings: { drainDeadlineMs: 100 } });
      await worker.start();
      const before = wordIn(fleet)?.at;
      await eventually("says so", () => wordIn(fleet)?.on === "redis" && wordIn(fleet)?.at !== before);
      expect(parseCommitNote(fleet.coordinator.notes.get(0)).begun).toBeUndefined();
      isDead = true;
      worker.failed(new Error("killed"));
      await worker.stop();
    }
    const worker = fleet.worker();
    await worker.start();
    await eventually("caught up", () => fleet.isCaughtUp());
    await worker.stop();
    expect(await recordsOf(fleet, fleet.names.deadLetterTopic)).toEqual([]);
    expect([...fleet.states.states().keys()]).toEqual(["a"]);
  });
});
