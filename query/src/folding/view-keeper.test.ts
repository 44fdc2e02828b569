import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import {
  fleetNames,
  loadSettings,
  MemoryFleetRecordCell,
  MemoryLog,
  printFleetRecord,
  silentLogger,
  type LogSlice,
} from "@lastknown/shared";
import { OpenQuestions } from "../answers/open-questions.js";
import { FleetForTest } from "../fleet-for-test.js";
import { until } from "../memory-service-for-test.js";
import type { FoldedArrival } from "../view/arrival.js";
import { MemoryViewStore } from "../view/memory/memory-view-store.js";
import {
  ViewAbortedError,
  ViewDamagedError,
  ViewUnwritableError,
  type FoldBatch,
  type FoldPosition,
  type ViewStore,
} from "../view/view-store.js";
import { ViewKeeper } from "./view-keeper.js";

const NAMES = fleetNames("test");

class RecordingStore extends MemoryViewStore {
  readonly calls: string[] = [];

  override fold(...batches: readonly FoldBatch[]): FoldedArrival[] {
    this.calls.push("fold");
    return super.fold(...batches);
  }

  override close(): Promise<void> {
    this.calls.push("close");
    return super.close();
  }
}

/** A keeper on servers in memory whose audit holds one arrival; not started. */
async function makeKeeper(
  openStore: () => Promise<ViewStore>,
  flags: Readonly<Record<string, string>> = {},
): Promise<{ keeper: ViewKeeper; log: MemoryLog; fleet: FleetForTest }> {
  const log = new MemoryLog({ topics: { [NAMES.eventsTopic]: 4, [NAMES.auditTopic]: 4 } });
  const fleet = new FleetForTest({ fleet: "test", appender: log, partitions: 4 });
  await fleet.establish();
  await fleet.publishAndAudit([{ user: "a", timeStamp: 1, sts: 1, attributes: {} }]);
  const settings = loadSettings({ environment: {}, flags: { fleet: "test", partitions: "4", ...flags } });
  const keeper = new ViewKeeper({
    fleet: settings.fleet,
    query: settings.query,
    reader: log,
    redisFleet: new MemoryFleetRecordCell(printFleetRecord(fleet.record)),
    openStore,
    observer: { folded: () => undefined, unreadable: () => undefined, failed: () => undefined },
    questions: new OpenQuestions(),
    logger: silentLogger,
  });
  return { keeper, log, fleet };
}

test("a view that opens while the keeper stops is closed and never folded into", async () => {
  const store = new RecordingStore();
  let opened: ((store: ViewStore) => void) | undefined;
  const { keeper, log } = await makeKeeper(() => new Promise((resolve) => (opened = resolve)));
  log.unavailable = true;
  await keeper.start();
  log.unavailable = false;
  await until(
    () => Promise.resolve(opened !== undefined),
    (isOpening) => isOpening,
  );
  const stopped = keeper.stop();
  opened?.(store);
  await stopped;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(store.calls).toEqual(["close"]);
});

test("views that are found damaged one after the other end the service", async () => {
  class DamagedStore extends MemoryViewStore {
    override position(): FoldPosition {
      throw new ViewDamagedError("a page is not what it was");
    }
  }
  let opened = 0;
  const { keeper } = await makeKeeper(() => {
    opened++;
    return Promise.resolve(new DamagedStore());
  });
  await keeper.start();
  await expect(keeper.ended).rejects.toThrow("for the 4th time since the start");
  expect(opened).toBe(4);
  await keeper.stop();
});

/** Gives up its first folds; those of the next store are counted on. */
class AbortingStore extends RecordingStore {
  static left = 0;
  readonly reported: string[] = [];

  override fold(...batches: readonly FoldBatch[]): FoldedArrival[] {
    if (AbortingStore.left-- > 0) throw new ViewAbortedError(new Error("MDB_BAD_TXN"));
    return super.fold(...batches);
  }

  override reportDamage(reason: string): ViewDamagedError {
    this.reported.push(reason);
    return super.reportDamage(reason);
  }
}

test.each([
  ["once is opened again as it is", 1, []],
  [
    "again soon after is damaged",
    2,
    ["the view gave up a transaction: MDB_BAD_TXN, as it did before its last opening"],
  ],
])("a view that gives up a fold %s", async (_what, aborts: number, reported: string[]) => {
  const stores: AbortingStore[] = [];
  AbortingStore.left = aborts;
  const { keeper } = await makeKeeper(() => {
    stores.push(new AbortingStore());
    return Promise.resolve(stores.at(-1) as ViewStore);
  });
  await keeper.start();
  await until(
    () => Promise.resolve(keeper.state),
    (state) => state === "running",
    20_000,
  );
  expect(stores).toHaveLength(aborts + 1);
  for (const store of stores.slice(0, -1)) expect(store.calls).toEqual(["close"]);
  expect(stores.flatMap((store) => store.reported)).toEqual(reported);
  await keeper.stop();
});

test("a view that is found damaged as it is opened is built anew", async () => {
  const stores = [new MemoryViewStore()];
  const { keeper } = await makeKeeper(() => {
    const store = stores.pop();
    if (store !== undefined) return Promise.reject(new ViewDamagedError("LMDB gives it up"));
    return Promise.resolve(new MemoryViewStore());
  });
  await keeper.start();
  await until(
    () => Promise.resolve(keeper.state),
    (state) => state === "running",
  );
  await keeper.stop();
});

test("records that are left out are counted once, however often their fold is tried, and past an opening", async () => {
  const store = new AbortingStore();
  let opened = 0;
  const { keeper, log } = await makeKeeper(() => {
    opened++;
    return Promise.resolve(store);
  });
  const leaveOut = async (name: string): Promise<void> => {
    await log.append(NAMES.auditTopic, [{ partition: 0, key: Buffer.from(name), value: Buffer.from("x") }]);
  };
  const untilCounted = (records: number): Promise<unknown> =>
    until(
      () => Promise.resolve([keeper.unreadableRecords, keeper.state]),
      ([counted, state]) => counted === records && state === "running",
      20_000,
    );
  await leaveOut("none of ours");
  await keeper.start();
  await untilCounted(1);
  AbortingStore.left = 1;
  await leaveOut("nor this");
  await untilCounted(2);
  expect(opened).toBe(2);
  // Damaged, as it is so soon: all is read anew, though this store has what it had.
  AbortingStore.left = 1;
  await leaveOut("nor that");
  await untilCounted(1);
  expect(opened).toBe(3);
  await keeper.stop();
});

test("a view whose disk has filled is opened again when there is room, and one that never was ends the start", async () => {
  const noRoom = new ViewUnwritableError(new Error("no space left on device"));
  const { keeper: fresh } = await makeKeeper(() => Promise.reject(noRoom));
  await expect(fresh.start()).rejects.toMatchObject({ fix: expect.stringContaining("make room") });

  AbortingStore.left = 1;
  const openings = [new AbortingStore(), noRoom, noRoom, new AbortingStore()];
  const { keeper } = await makeKeeper(async () => {
    const opening = openings.shift();
    if (opening instanceof AbortingStore) return await Promise.resolve(opening);
    throw noRoom;
  });
  await keeper.start();
  await until(
    () => Promise.resolve([openings.length, keeper.state]),
    ([left, state]) => left === 0 && state === "running",
    20_000,
  );
  await keeper.stop();
});

test("a view that does not fit the audit waits for room to be emptied", async () => {
  class FullStore extends MemoryViewStore {
    isFull = true;

    override position(partition: number): FoldPosition {
      return this.isFull ? { nextOffset: 1000, sourceEnd: 1 } : super.position(partition);
    }

    override clear(): void {
      if (this.isFull) throw new ViewUnwritableError(new Error("no space left on device"));
      super.clear();
    }
  }
  const store = new FullStore();
  const { keeper } = await makeKeeper(() => Promise.resolve(store));
  await keeper.start();
  const untilState = (state: string): Promise<unknown> =>
    until(
      () => Promise.resolve(keeper.state),
      (now) => now === state,
      20_000,
    );
  await untilState("unwritable");
  expect(keeper.ready()).toEqual(expect.any(String));
  store.isFull = false;
  await untilState("running");
  expect(keeper.ready()).not.toEqual(expect.any(String));
  await keeper.stop();
});

test("a view that cannot be written answers on, and folds again when there is room", async () => {
  class FullStore extends MemoryViewStore {
    isFull = false;
    attempts = 0;

    override fold(...batches: readonly FoldBatch[]): FoldedArrival[] {
      if (!this.isFull) return super.fold(...batches);
      this.attempts++;
      throw new ViewUnwritableError(new Error("no space left on device"));
    }
  }
  const store = new FullStore();
  const { keeper, log } = await makeKeeper(() => Promise.resolve(store));
  const untilState = (state: string): Promise<unknown> =>
    until(
      () => Promise.resolve(keeper.state),
      (now) => now === state,
    );
  await keeper.start();
  await untilState("running");
  store.isFull = true;
  const before = store.position(0).nextOffset;
  const [entry] = (await log.read(NAMES.auditTopic, 0, 0, { bytesMax: 1e6, waitMs: 0 })).records;
  if (entry === undefined) throw new Error("the audit is empty");
  await log.append(NAMES.auditTopic, [{ partition: 0, key: entry.key, value: entry.value }]);
  await untilState("unwritable");
  await until(
    () => Promise.resolve(store.attempts),
    (attempts) => attempts > 2,
  );
  expect(keeper.state).toBe("unwritable");
  expect(keeper.ready()).not.toEqual(expect.any(String));
  expect(store.position(0).nextOffset).toBe(before);

  // A broker that has not answered yet is left out of what a read gives.
  const readMany = log.readMany.bind(log);
  let emptyReads = 0;
  log.readMany = async () => {
    emptyReads++;
    await sleep(5);
    return new Map<number, LogSlice>();
  };
  await until(
    () => Promise.resolve(emptyReads),
    (reads) => reads > 2,
  );
  expect(keeper.state).toBe("unwritable");
  log.readMany = readMany;
  store.isFull = false;
  await untilState("running");
  expect(store.position(0).nextOffset).toBe(before + 1);
  await keeper.stop();
});

test("what came of several partitions is folded in one step, up to the records that a step may have", async () => {
  /** Of each fold, the arrivals by partition. */
  const folds: number[][] = [];
  class SizedStore extends MemoryViewStore {
    override fold(...batches: readonly FoldBatch[]): FoldedArrival[] {
      folds.push(batches.map(({ arrivals }) => arrivals.length));
      return super.fold(...batches);
    }
  }
  const store = new SizedStore();
  const { keeper, fleet } = await makeKeeper(() => Promise.resolve(store), {
    "query-fold-records-max": "40",
  });
  const users = Array.from({ length: 60 }, (_, index) => `user-${index}`);
  await fleet.publishAndAudit(users.map((user) => ({ user, timeStamp: 1, sts: 1, attributes: {} })));
  await keeper.start();
  await until(
    () => Promise.resolve([...store.users(undefined)].length),
    (known) => known === users.length + 1,
  );
  await keeper.stop();
  const sizes = folds.map((ofPartitions) => ofPartitions.reduce((sum, size) => sum + size, 0));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(40);
  expect(folds.some((ofPartitions) => ofPartitions.filter((size) => size > 0).length > 1)).toBe(true);
});

describe("the entries of a trickle", () => {
  /** Of a view that takes so long to fold, from each read that brought entries to the next read. */
  async function pausesMs({ foldMs, lingerMs }: { foldMs: number; lingerMs: number }): Promise<number[]> {
    class SlowStore extends MemoryViewStore {
      override fold(...batches: readonly FoldBatch[]): FoldedArrival[] {
        const startedAtMs = performance.now();
        while (performance.now() - startedAtMs < foldMs);
        return super.fold(...batches);
      }
    }
    const store = new SlowStore();
    const flags = { "query-linger-ms": String(lingerMs) };
    const { keeper, fleet, log } = await makeKeeper(() => Promise.resolve(store), flags);
    const pauses: number[] = [];
    let readAtMs: number | undefined;
    const readMany = log.readMany.bind(log);
    log.readMany = async (...query) => {
      const [, positions] = query;
      // Looks for the record of the fleet.
      if (positions.size === 1) return await readMany(...query);
      if (readAtMs !== undefined) pauses.push(performance.now() - readAtMs);
      readAtMs = undefined;
      const slices = await readMany(...query);
      if ([...slices.values()].some(({ records }) => records.length > 0)) readAtMs = performance.now();
      return slices;
    };
    await keeper.start();
    for (let count = 0; count < 5; count++) {
      await fleet.publishAndAudit([{ user: `user-${count}`, timeStamp: 1, sts: 1, attributes: {} }]);
      await until(
        () => Promise.resolve(pauses.length),
        (ended) => ended > count,
      );
    }
    await keeper.stop();
    return pauses;
  }

  test("gather for three times as long as a fold", async () => {
    // The fold is part of what is measured, and a timer may be a millisecond early.
    expect(Math.min(...(await pausesMs({ foldMs: 10, lingerMs: 1000 })))).toBeGreaterThanOrEqual(39);
  });

  test("do not gather beyond the time that is allowed", async () => {
    expect(Math.min(...(await pausesMs({ foldMs: 100, lingerMs: 1 })))).toBeLessThan(250);
  });
});
