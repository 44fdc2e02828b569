import { describe, expect, test } from "@jest/globals";
import {
  parseCommitNote,
  printCommitNote,
  RedisUnavailableError,
  silentLogger,
  type CommitNote,
  type WorkerWord,
} from "@lastknown/shared";
import fc from "fast-check";
import type { PartitionBatch } from "../arrivals/partition-batch.js";
import { eventually } from "../eventually.js";
import { Patience } from "../faults/patience.js";
import { MemoryCoordinator, MemoryWorkerGroup } from "../group/memory/memory-worker-group.js";
import { Attempts } from "./attempts.js";
import { FLEET_ID, KILLS_MAX, Lives, recordAt, type Log } from "./lives-for-test.js";

function batchOf(partition: number, from: number, to: number): PartitionBatch {
  const records = Array.from({ length: to - from }, (_, index) => recordAt(from + index));
  return { partition, records, nextOffset: to };
}

function placesOf({ offsets }: Log): string[] {
  return offsets.flatMap((own, partition) => own.map((offset) => `${partition}/${offset}`));
}

const numbers = (max: number, maxLength: number) =>
  fc.array(fc.nat({ max }), { maxLength }).map((some) => new Set(some));

const anyLog = fc
  .record({
    /** By partition how many offsets without a record come before each record. */
    gaps: fc.array(
      fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat({ max: 5 })), { maxLength: 25 }),
      { minLength: 1, maxLength: 3 },
    ),
    batchRecordsMax: fc.integer({ min: 1, max: 8 }),
    sizes: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 12 }),
    runsPerCommit: fc.integer({ min: 1, max: 5 }),
    operatorKills: fc.array(fc.tuple(fc.nat({ max: 12 }), fc.integer({ min: 1, max: 4 })), { maxLength: 6 }),
    losses: numbers(60, 8),
    lostAnswers: numbers(60, 8),
    // Two, as what is given up and cannot be taken back counts: of three a record without fault would be rejected.
    rebalances: numbers(60, 2),
    saysWords: fc.boolean(),
    reapplied: fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 4 }),
    killers: fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 24 })), { maxLength: 3 }),
  })
  .map(({ gaps, killers, operatorKills, ...log }): Log => {
    const offsets = gaps.map((own) => {
      let next = 0;
      return own.map((gap) => (next += gap + 1) - 1);
    });
    const places = killers.flatMap(([partition, index]) => {
      const offset = offsets[partition]?.[index];
      return offset === undefined ? [] : [`${partition}/${offset}`];
    });
    return { ...log, offsets, killers: new Set(places), operatorKills: new Map(operatorKills) };
  });

/** A log of partitions without gaps, and of batches that are as large as they may be. */
function wholeLog(partitions: number, records: number, others: Partial<Log>): Log {
  const offsets = Array.from({ length: partitions }, () => Array.from({ length: records }, (_, one) => one));
  return { offsets, batchRecordsMax: 10, sizes: [10], runsPerCommit: 3, killers: new Set(), ...others };
}

/** What ends for another reason than a record may end so at each. */
function livesMaxOf({ killers, operatorKills, lostAnswers, rebalances }: Log): number {
  const others = [operatorKills, lostAnswers, rebalances].reduce((sum, some) => sum + (some?.size ?? 0), 0);
  return 1 + others + killers.size * 6 * KILLS_MAX;
}

/** Lives it to its end. */
async function livesOf(log: Log): Promise<Lives> {
  const lives = new Lives(log);
  await lives.untilDone();
  return lives;
}

describe("workers that are killed by records, and by operators", () => {
  test("dead-letter each record that kills, nothing else, and apply all others", async () => {
    await fc.assert(
      fc.asyncProperty(anyLog, async (log) => {
        const lives = await livesOf(log);
        expect([...lives.rejected].toSorted()).toEqual([...log.killers].toSorted());
        const others = placesOf(log).filter((place) => !log.killers.has(place));
        expect([...lives.applied].toSorted()).toEqual(others.toSorted());
        expect(lives.isDone).toBe(true);
        expect(lives.count).toBeLessThanOrEqual(livesMaxOf(log));
      }),
      { numRuns: 500 },
    );
  });

  test("find a record of the first batch after twice the bound of deaths", async () => {
    const lives = await livesOf(wholeLog(3, 20, { killers: new Set(["1/4"]) }));
    expect([lives.count, [...lives.rejected]]).toEqual([2 * KILLS_MAX + 1, ["1/4"]]);
  });

  test.each<[string, Log, string[]]>([
    [
      "has offsets without records before it",
      wholeLog(1, 0, {
        offsets: [Array.from({ length: 40 }, (_, index) => index + Math.floor(index / 2))],
        killers: new Set(["0/13"]),
      }),
      ["0/13"],
    ],
    [
      "stands behind the end of a shorter batch",
      wholeLog(1, 40, { killers: new Set(["0/4", "0/12"]), sizes: [...Array<number>(6).fill(10), 7] }),
      ["0/4", "0/12"],
    ],
    [
      "comes after others that are applied again each time",
      wholeLog(1, 100, { killers: new Set(["0/65"]), reapplied: [40] }),
      ["0/65"],
    ],
  ])("find a record that %s", async (_case, log, rejected) => {
    const lives = await livesOf(log);
    expect([...lives.rejected]).toEqual(rejected);
    expect(lives.count - 1).toBeLessThanOrEqual(rejected.length * (2 * KILLS_MAX + 2));
  });

  test("come on with the other partitions meanwhile", async () => {
    const lives = new Lives(wholeLog(2, 2000, { killers: new Set(["1/4"]) }));
    await lives.untilDone(1 + KILLS_MAX);
    expect([...lives.rejected]).toEqual([]);
    expect(lives.committed(0)).toBeGreaterThanOrEqual(KILLS_MAX * 100);
  });

  test("leave the fleet's id alone beside what they commit while all goes well", async () => {
    const { coordinator } = await livesOf(wholeLog(1, 20, { runsPerCommit: 1 }));
    expect([coordinator.committed, coordinator.notes]).toEqual([
      new Map([[0, 20]]),
      new Map([[0, printCommitNote({ fleet: FLEET_ID })]]),
    ]);
  });
});

describe("what is given up in an orderly way", () => {
  const ways: Record<string, (lose: () => Promise<never>) => Partial<Turn>> = {
    "as its work fails": () => ({ run: () => Promise.reject(new Error("given up")) }),
    "as the store has lost something": () => ({ run: () => Promise.resolve(new Set([0])) }),
    "as the partitions go while it is noted": (lose) => ({ answer: lose }),
  };
  const notes = [
    { trying: { offset: 5, times: KILLS_MAX - 1, until: 15 } },
    { begun: { at: 5, times: KILLS_MAX - 1 } },
    {},
  ];
  test.each(Object.entries(ways).flatMap(([way, turn]) => notes.map((note) => ({ way, turn, note }))))(
    "is noted as not tried, however often that happens, $way: $note",
    async ({ turn, note }) => {
      const coordinator = noted(note);
      const rejected: number[] = [];
      for (let turns = 0; turns < KILLS_MAX + 2; turns++) {
        rejected.push(...(await runTurn(coordinator, turn)));
      }
      expect(rejected).toEqual([]);
      expect(parseCommitNote(coordinator.notes.get(0))).toEqual({ fleet: FLEET_ID, ...note });
    },
  );

  test("is noted as done where it is, though the partitions go before that is known", async () => {
    const coordinator = noted({ trying: { offset: 5, times: 0, until: 15 } });
    let runs = 0;
    await runTurn(coordinator, (lose) => ({
      run: () => Promise.resolve(new Set(runs++ === 3 ? [0] : [])),
      // All three were run: what comes now is the note of that.
      answer: () => (runs === 3 ? lose() : Promise.resolve()),
    }));
    expect(parseCommitNote(coordinator.notes.get(0)).trying).toEqual({ offset: 8, times: 0, until: 15 });
  });
});

test.each<CommitNote>([{ trying: { offset: 5, times: KILLS_MAX - 1, until: 15 } }, {}])(
  "who ends a process that waits for Redis ends it for no record: %j",
  async (note) => {
    const coordinator = noted(note);
    const before = coordinator.notes.get(0);
    const isAway = () => Promise.reject(new RedisUnavailableError("memory", new Error("away")));
    const ending = new AbortController();
    let waits = 0;
    // None of them ends: whoever joins next is another process.
    for (let life = 1; life <= KILLS_MAX + 2; life++) {
      void runTurn(coordinator, () => ({
        run: async (patience) => {
          expect(coordinator.notes.get(0)).not.toBe(before);
          waits++;
          return await patience.outlast("redis", ending.signal, isAway);
        },
      })).catch(() => undefined);
      await eventually("waits", () => waits === life);
      await eventually("is taken back", () => coordinator.notes.get(0) === before);
    }
    ending.abort(new Error("given up"));
  },
);

test("a record that ended its process too often is noted so before anything is made of it", async () => {
  const coordinator = noted({ trying: { offset: 5, times: KILLS_MAX, until: 15 } });
  const before: CommitNote[] = [];
  const look = async (): Promise<Set<number>> => {
    before.push(parseCommitNote(coordinator.notes.get(0)));
    return await Promise.resolve(new Set());
  };
  await runTurn(coordinator, () => ({ run: look, reject: look }));
  const trying = { offset: 6, times: 0, until: 15 };
  expect(before[0]).toEqual({ fleet: FLEET_ID, trying, condemned: [5] });
});

/** What befalls an assignment. */
interface Turn {
  readonly run: (patience: Patience) => Promise<Set<number>>;
  readonly reject: () => Promise<Set<number>>;
  /** Comes between a commit and its answer. */
  readonly answer: () => Promise<void>;
}

function noted(note: CommitNote): MemoryCoordinator {
  const coordinator = new MemoryCoordinator(1);
  coordinator.committed.set(0, 5);
  coordinator.notes.set(0, printCommitNote({ fleet: FLEET_ID, ...note }));
  return coordinator;
}

/** An assignment that runs the offsets from 5 to 7. The process lives on. Gives the offsets that were rejected. */
async function runTurn(
  coordinator: MemoryCoordinator,
  turnOf: (lose: () => Promise<never>) => Partial<Turn>,
): Promise<number[]> {
  const ending = new AbortController();
  const lose = async (): Promise<never> => {
    ending.abort(new Error("given up"));
    return await new Promise<never>(() => undefined);
  };
  const nothing = () => Promise.resolve(new Set<number>());
  const { run = nothing, reject = nothing, answer } = turnOf(lose);
  coordinator.forgetMembers();
  const group = new MemoryWorkerGroup(coordinator);
  await group.join({ assigned: () => undefined, revoked: () => undefined, failed: () => undefined });
  const rejected: number[] = [];
  const commit = group.commit.bind(group);
  group.commit = async (...call) => {
    const outcome = await commit(...call);
    if (!ending.signal.aborted) await answer?.();
    return outcome;
  };
  const patience = new Patience({ delayMs: 1, delayMaxMs: 2, logger: silentLogger });
  const attempts = new Attempts({
    fleetId: FLEET_ID,
    generation: coordinator.generation,
    group,
    settings: { killsMax: KILLS_MAX, batchRecordsMax: 10 },
    patience,
    logger: silentLogger,
    pipeline: {
      run: () => run(patience),
      reject: async ({ records }) => {
        rejected.push(...records.map(({ offset }) => offset));
        return await reject();
      },
    },
  });
  try {
    await attempts.run([batchOf(0, 5, 8)], ending.signal);
  } catch (error) {
    expect(error).toEqual(new Error("given up"));
  }
  return rejected;
}

test("a word takes nothing from the note that it is said beside: a batch has begun until the first commit", async () => {
  const coordinator = noted({});
  const group = new MemoryWorkerGroup(coordinator);
  await group.join({ assigned: () => undefined, revoked: () => undefined, failed: () => undefined });
  const { generation } = coordinator;
  const attempts = new Attempts({
    fleetId: FLEET_ID,
    generation,
    group,
    settings: { killsMax: KILLS_MAX, batchRecordsMax: 10 },
    patience: new Patience({ delayMs: 1, delayMaxMs: 2, logger: silentLogger }),
    logger: silentLogger,
    pipeline: { run: () => Promise.resolve(new Set()), reject: () => Promise.resolve(new Set()) },
  });
  const noteNow = (): CommitNote => parseCommitNote(coordinator.notes.get(0));
  const word: WorkerWord = { on: "work", forMs: 1000, at: 1 };
  const beganAt5 = { fleet: FLEET_ID, begun: { at: 5, times: 1 } };
  await attempts.run([batchOf(0, 5, 8)], new AbortController().signal);
  expect(await attempts.say(new Map([[0, word]]))).toBe(true);
  expect(noteNow()).toEqual({ ...beganAt5, word });
  expect(await attempts.say(new Map([[0, undefined]]))).toBe(true);
  expect(noteNow()).toEqual(beganAt5);
  await attempts.commit(generation, new Map([[0, 8]]));
  expect(await attempts.say(new Map([[0, word]]))).toBe(true);
  expect([coordinator.committed.get(0), noteNow()]).toEqual([8, { fleet: FLEET_ID, word }]);
});

test("an offset that another fleet left is not noted as this one's", async () => {
  const coordinator = new MemoryCoordinator(1);
  coordinator.committed.set(0, 5);
  coordinator.notes.set(0, printCommitNote({ fleet: "another" }));
  const group = new MemoryWorkerGroup(coordinator);
  await group.join({ assigned: () => undefined, revoked: () => undefined, failed: () => undefined });
  const attempts = new Attempts({
    fleetId: FLEET_ID,
    generation: coordinator.generation,
    group,
    settings: { killsMax: KILLS_MAX, batchRecordsMax: 10 },
    patience: new Patience({ delayMs: 1, delayMaxMs: 2, logger: silentLogger }),
    logger: silentLogger,
    pipeline: {
      // As the process dies here, only what was noted before is left.
      run: async () => {
        expect([coordinator.committed.get(0), parseCommitNote(coordinator.notes.get(0))]).toEqual([
          0,
          { fleet: FLEET_ID, begun: { at: 0, times: 1 } },
        ]);
        return await Promise.resolve(new Set<number>());
      },
      reject: () => Promise.reject(new Error("not called")),
    },
  });
  await attempts.run([batchOf(0, 0, 3)], new AbortController().signal);
  expect.assertions(1);
});

describe("the note beside a commit", () => {
  test("reads back what it prints", () => {
    const note = {
      fleet: FLEET_ID,
      begun: { at: 8, times: 2 },
      trying: { offset: 9, times: 1, until: 1008 },
      condemned: [8],
    };
    expect(parseCommitNote(printCommitNote(note))).toEqual(note);
  });

  test.each([
    "",
    "event-id-3",
    "null",
    "[]",
    "7",
    '{"fleet":7,"trying":{"offset":"7"},"begun":null,"condemned":[1.5]}',
  ])("says nothing where somebody else wrote it: %j", (text) => expect(parseCommitNote(text)).toEqual({}));
});
