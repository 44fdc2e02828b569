import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { setTimeout as sleep } from "node:timers/promises";
import {
  auditRecordKind,
  createMetrics,
  KafkaUnavailableError,
  printCommitNote,
  type LogReader,
  type LogRecord,
  type LogSlice,
} from "@lastknown/shared";
import { eventually } from "./eventually.js";
import { MemoryWorkerGroup } from "./group/memory/memory-worker-group.js";
import type { WorkerGroup } from "./group/worker-group.js";
import {
  applyAll,
  eventsOf,
  Lines,
  newestTimes,
  recordsOf,
  slowly,
  storedTimes,
  untilHealed,
} from "./healing-for-test.js";
import { Watchdog, type WatchedWork } from "./watchdog.js";
import { FakeFleet, type Replacements } from "./worker-on-fakes.js";
import type { Worker } from "./worker.js";

const STALL_EXIT_MS = 600;
const SESSION_TIMEOUT_MS = 100;
const STALLED = `records wait, and none was done for ${STALL_EXIT_MS} ms`;
/** Long enough that a watchdog that is wrong has ended the worker. */
const PATIENT_MS = 4 * STALL_EXIT_MS;

const never = (): Promise<never> => new Promise(() => undefined);

describe("a worker that does nothing", () => {
  let fleet: FakeFleet;
  beforeEach(async () => {
    fleet = new FakeFleet(2);
    await fleet.create();
  });

  const produce = async (user: string): Promise<void> => {
    await fleet.produce([fleet.recordOf(fleet.eventOf({ user, timeStamp: 1, sts: 1, attributes: {} }))]);
  };

  const start = async (replacements: Replacements = {}): Promise<Worker> => {
    const settings = { stallExitMs: STALL_EXIT_MS, sessionTimeoutMs: SESSION_TIMEOUT_MS };
    const worker = fleet.worker({ ...replacements, settings });
    await worker.start();
    return worker;
  };

  /** The log, read otherwise. */
  const reader = (changes: Partial<LogReader>): LogReader => ({
    read: (...call) => fleet.log.read(...call),
    readMany: (...call) => fleet.log.readMany(...call),
    ends: (...call) => fleet.log.ends(...call),
    appendedAt: (...call) => fleet.log.appendedAt(...call),
    close: () => fleet.log.close(),
    ...changes,
  });

  const emptyHanded: LogReader["readMany"] = async (_topic, positions, { waitMs }) => {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const slice = (nextOffset: number): LogSlice => {
      return { records: [], nextOffset, highWatermark: nextOffset, logStartOffset: 0 };
    };
    return new Map([...positions].map(([partition, offset]) => [partition, slice(offset)]));
  };

  const group = (
    changes: Partial<WorkerGroup>,
    real: WorkerGroup = new MemoryWorkerGroup(fleet.coordinator),
  ): WorkerGroup => {
    return {
      join: (listener) => real.join(listener),
      commit: (generation, offsets, notes) => real.commit(generation, offsets, notes),
      committed: () => real.committed(),
      leave: () => real.leave(),
      ...changes,
    };
  };

  test.each<[string, () => Replacements]>([
    ["a fetch hangs", () => ({ reader: reader({ readMany: never }) })],
    ["fetches find nothing though records are there", () => ({ reader: reader({ readMany: emptyHanded }) })],
    ["an assignment does not begin", () => ({ group: group({ committed: never }) })],
    ["an update of the store hangs", () => ({ states: fleet.storeWith(never) })],
  ])("ends with an error where records wait and %s", async (_case, replacements) => {
    await produce("a");
    const worker = await start({ ...replacements() });
    await expect(worker.ended).rejects.toThrow(STALLED);
    await worker.stop();
  });

  test("ends with an error where the log cannot be asked for a reason that nobody foresaw", async () => {
    const ends = (): Promise<never> => Promise.reject(new TypeError("unforeseen"));
    let calls = 0;
    // The first call is the assignment's.
    const worker = await start({
      reader: reader({ ends: (topic) => (calls++ === 0 ? fleet.log.ends(topic) : ends()) }),
    });
    await expect(worker.ended).rejects.toThrow("unforeseen");
    await worker.stop();
  });

  test.each<[string, () => Promise<Worker>]>([
    ["its topic is idle", () => start()],
    [
      "it has done all that is there",
      async () => {
        await produce("a");
        return await start();
      },
    ],
    [
      "somebody's transaction is open, and holds back what stands behind it",
      async () => {
        fleet.log.openTransaction(fleet.names.eventsTopic, 0);
        await fleet.produce(
          ["a", "b", "c", "d"].map((user) =>
            fleet.recordOf(fleet.eventOf({ user, timeStamp: 1, sts: 1, attributes: {} })),
          ),
        );
        return await start();
      },
    ],
    [
      "it waits for a server",
      async () => {
        fleet.states.unavailable = true;
        await produce("a");
        return await start();
      },
    ],
    [
      "the log does not tell where it ends",
      async () => {
        await produce("a");
        let calls = 0;
        const ends: LogReader["ends"] = (topic) => {
          if (calls++ === 0) return fleet.log.ends(topic);
          return calls % 2 === 0 ? Promise.reject(new KafkaUnavailableError(["a"], "tell")) : never();
        };
        return await start({ reader: reader({ readMany: never, ends }) });
      },
    ],
    [
      "its group waits for a member with a longer session than its own",
      async () => {
        const worker = await start();
        worker.revoked();
        return worker;
      },
    ],
  ])("lives on where %s", async (_case, starting) => {
    const worker = await starting();
    await new Promise((resolve) => setTimeout(resolve, PATIENT_MS));
    const failure = worker.live();
    await worker.stop();
    expect(failure).toBeUndefined();
  });

  test.each([
    ["batch by batch", { batchRecordsMax: 1 }, undefined],
    ["record by record, as these may end it", {}, { at: 0, times: 3 }],
  ])("lives on where it is slow, but comes on %s", async (_how, limits, begun) => {
    const apply: FakeFleet["states"]["apply"] = async (updates) => {
      await new Promise((resolve) => setTimeout(resolve, STALL_EXIT_MS / 4));
      return await fleet.states.apply(updates);
    };
    for (let record = 0; record < 10; record++) await produce("a");
    const note = printCommitNote({ fleet: fleet.record.id, begun });
    for (const partition of [0, 1]) {
      fleet.coordinator.committed.set(partition, 0);
      fleet.coordinator.notes.set(partition, note);
    }
    const worker = fleet.worker({
      states: fleet.storeWith(apply),
      settings: { stallExitMs: STALL_EXIT_MS, ...limits },
    });
    await worker.start();
    await new Promise((resolve) => setTimeout(resolve, PATIENT_MS));
    expect(worker.live()).toBeUndefined();
    await worker.stop();
  });

  test.each(["auditTopic", "deadLetterTopic"] as const)(
    "lives on where it has to read much of the %s before it can go on",
    async (name) => {
      const bad = { partition: 0, key: null, value: null };
      for (let record = 0; record < 10; record++) {
        await produce("a");
        await fleet.produce([bad]);
      }
      const before = fleet.worker();
      await before.start();
      await eventually("caught up", () => fleet.isCaughtUp());
      await before.stop();
      for (const bucket of fleet.states.progressOfAll().keys()) fleet.states.lose(bucket);
      fleet.schemaCopies.lose();
      const read: LogReader["read"] = async (topic, partition, offset, limits) => {
        if (topic !== fleet.names[name]) return await fleet.log.read(topic, partition, offset, limits);
        await new Promise((resolve) => setTimeout(resolve, STALL_EXIT_MS / 4));
        return await fleet.log.read(topic, partition, offset, { ...limits, bytesMax: 1 });
      };
      const worker = await start({ reader: reader({ read }) });
      await Promise.race([
        eventually("healed", () => fleet.states.states().size === 1, 10_000),
        worker.ended,
      ]);
      await worker.stop();
    },
    15_000,
  );
});

describe("a watchdog of a worker without partitions", () => {
  const PATIENCE_MS = STALL_EXIT_MS + 2 * SESSION_TIMEOUT_MS;
  const failed = jest.fn<(error: Error) => void>();
  let watchdog: Watchdog;
  let work: WatchedWork | undefined;
  afterEach(() => {
    watchdog.stop();
    failed.mockReset();
    work = undefined;
  });

  const watch = async (askCoordinator: () => Promise<unknown>): Promise<void> => {
    watchdog = new Watchdog({
      work: () => work,
      isWaiting: () => false,
      ends: async () => await Promise.resolve(new Map()),
      stallExitMs: STALL_EXIT_MS,
      sessionTimeoutMaxMs: SESSION_TIMEOUT_MS,
      askCoordinator,
      failed,
    });
    watchdog.start();
    await new Promise((resolve) => setTimeout(resolve, 2 * PATIENCE_MS));
  };

  test("ends it where a group whose coordinator answers takes longer than any member may be silent", async () => {
    await watch(async () => await Promise.resolve());
    expect(failed.mock.calls[0]?.[0].message).toBe(
      `the group has given no partitions for ${PATIENCE_MS} ms, though its coordinator answers`,
    );
  });

  test.each([
    ["is away", () => Promise.reject(new KafkaUnavailableError(["a"], "tell"))],
    ["hangs", never],
  ])("lets it live where the coordinator %s", async (_case, askCoordinator) => {
    await watch(askCoordinator);
    expect(failed).not.toHaveBeenCalled();
  });

  test("lets it live where it is given some now and then", async () => {
    const assignment = { movedAtMs: 0, hasWork: false, lacks: () => false };
    const giving = setInterval(() => (work = work === undefined ? assignment : undefined), PATIENCE_MS / 4);
    await watch(async () => await Promise.resolve());
    clearInterval(giving);
    expect(failed).not.toHaveBeenCalled();
  });
});

/** Worth a stall-exit of its own, were the tries of a batch's records taken for standing still. */
const RECORDS = 24;

test("a worker lives on where it looks for the copy of a schema in all of the audit", async () => {
  const fleet = new FakeFleet(1);
  await fleet.create();
  const { auditTopic, eventsTopic } = fleet.names;
  const events = eventsOf(fleet, RECORDS);
  await fleet.produce(events.map((event) => fleet.recordOf(event)));
  await applyAll(fleet);
  fleet.states.restore(new Map());
  fleet.log.truncateBefore(eventsTopic, 0, RECORDS - 1);
  // Each assignment writes the copy anew, and compaction keeps the last.
  const isCopy = ({ key }: LogRecord): boolean => auditRecordKind(key!)?.kind === "schema";
  const { key, value } = (await recordsOf(fleet, auditTopic)).find(isCopy)!;
  await fleet.log.append(auditTopic, [{ partition: 0, key, value }]);
  fleet.log.compact(auditTopic);
  const lines = new Lines();
  const reader = slowly(fleet, auditTopic, async () => await sleep(STALL_EXIT_MS / 10));
  const worker = fleet.worker({ reader, logger: lines.logger, settings: { stallExitMs: STALL_EXIT_MS } });
  await worker.start();
  try {
    await Promise.race([untilHealed(lines), worker.ended]);
  } finally {
    await worker.stop();
  }
  expect(storedTimes(fleet)).toEqual(newestTimes(events));
});

test("a worker lives on where it tries the records of a batch one by one, and each takes its time", async () => {
  const fleet = new FakeFleet(1);
  await fleet.create();
  await fleet.produce(eventsOf(fleet, RECORDS).map((event) => fleet.recordOf(event)));
  const states = fleet.storeWith(async (updates) => {
    await sleep(STALL_EXIT_MS / 10);
    const users = updates.flatMap((update) => update.states.map(({ user }) => user));
    // Of these there are a few, so that most of the halves fail.
    if (users.some((user) => user === "user 1" || user === "user 3")) throw new TypeError("unforeseen");
    return await fleet.states.apply(updates);
  });
  const settings = { stallExitMs: STALL_EXIT_MS, recordAttemptsMax: 1 };
  const worker = fleet.worker({ states, settings });
  await worker.start();
  try {
    await Promise.race([eventually("caught up", () => fleet.isCaughtUp(), 10_000), worker.ended]);
  } finally {
    await worker.stop();
  }
  expect([...storedTimes(fleet).keys()]).toEqual(["user 0", "user 2", "user 4"]);
});

test("a watchdog begins its count anew after the process was stopped", async () => {
  let movedAtMs = performance.now();
  const failures: Error[] = [];
  const work = {
    get movedAtMs() {
      return movedAtMs;
    },
    hasWork: true,
    lacks: () => true,
  };
  const watchdog = new Watchdog({
    work: () => work,
    isWaiting: () => false,
    ends: async () => await Promise.resolve(new Map()),
    stallExitMs: STALL_EXIT_MS,
    sessionTimeoutMaxMs: SESSION_TIMEOUT_MS,
    askCoordinator: async () => await Promise.resolve(),
    failed: (error) => void failures.push(error),
  });
  watchdog.start();
  for (let turn = 0; turn < 5; turn++) {
    // Nothing runs meanwhile, and timers fire before anything else does.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * STALL_EXIT_MS);
    await sleep(STALL_EXIT_MS / 20);
    movedAtMs = performance.now();
  }
  const whileItMoved = [...failures];
  await eventually("it ends a worker that does nothing", () => failures.length > whileItMoved.length, 5000);
  watchdog.stop();
  expect(whileItMoved).toEqual([]);
});

describe("an error in what a group calls", () => {
  test("ends the worker: it would live on without work", async () => {
    const fleet = new FakeFleet(1);
    await fleet.create();
    const metrics = createMetrics();
    const counter = metrics.counter.bind(metrics);
    const breaking: typeof metrics.counter = (definition) => {
      const made = counter(definition);
      if (definition.name !== "lastknown_rebalances_total") return made;
      const inc = (): never => {
        throw new SyntaxError("unforeseen");
      };
      return Object.assign(Object.create(made) as typeof made, { inc });
    };
    metrics.counter = breaking;
    const worker = fleet.worker({ metrics });
    await worker.start();
    await expect(worker.ended).rejects.toThrow("unforeseen");
    await worker.stop();
  });
});
