import { describe, expect, test } from "@jest/globals";
import { silentLogger, type LogRecord } from "@lastknown/shared";
import fc from "fast-check";
import { Patience } from "../faults/patience.js";
import { MemoryCoordinator, MemoryWorkerGroup } from "../group/memory/memory-worker-group.js";
import type { PartitionBatch } from "../pipeline/partition-batch.js";
import { Attempts } from "./attempts.js";
import { parseCommitNote, printCommitNote } from "./commit-note.js";

const FLEET_ID = "4b5b9cbd-6a6b-4a3e-9a3c-0a8e1a3b2c1d";
const KILLS_MAX = 3;
const LIVES_MAX = 200;

interface Log {
  readonly partitions: number;
  readonly records: number;
  readonly batchRecordsMax: number;
  /** A worker commits after so many runs. */
  readonly runsPerCommit: number;
  /** `partition/offset` of the records that kill whoever takes them through the pipeline. */
  readonly killers: ReadonlySet<string>;
  /** Lives that an operator ends, by their number, after so many runs. */
  readonly operatorKills: ReadonlyMap<number, number>;
}

function recordAt(offset: number): LogRecord {
  return { offset, appendedAtMs: 1000 + offset, key: null, value: null, headers: {} };
}

/** Workers one after the other on one log. Each works until it is killed, or all is committed. */
class Lives {
  readonly #log: Log;
  readonly coordinator: MemoryCoordinator;
  readonly applied = new Set<string>();
  readonly rejected = new Set<string>();
  count = 0;

  constructor(log: Log) {
    this.#log = log;
    this.coordinator = new MemoryCoordinator(log.partitions);
  }

  async untilDone(): Promise<void> {
    for (; this.count < LIVES_MAX && !this.#isDone; this.count++) await this.#live(this.count);
  }

  get #isDone(): boolean {
    const { partitions, records } = this.#log;
    return partitionsOf(partitions).every((partition) => this.#committed(partition) === records);
  }

  #committed(partition: number): number {
    return this.coordinator.committed.get(partition) ?? 0;
  }

  async #live(life: number): Promise<void> {
    const { partitions, records, batchRecordsMax, runsPerCommit, operatorKills } = this.#log;
    const { attempts, generation, death } = await this.#begin();
    const positions = new Map(partitionsOf(partitions).map((one) => [one, this.#committed(one)]));
    for (let runs = 1; !this.#isDone; runs++) {
      const batches = [...positions]
        .filter(([, from]) => from < records)
        .map(([partition, from]) => batchOf(partition, from, Math.min(records, from + batchRecordsMax)));
      const running = attempts.run(batches, new AbortController().signal);
      if ((await Promise.race([running, death])) === "died") return;
      for (const { partition, nextOffset } of batches) positions.set(partition, nextOffset);
      if (operatorKills.get(life) === runs) return;
      const isCommitDue = runs % runsPerCommit === 0 || attempts.isSuspicious || batches.length === 0;
      if (isCommitDue) await attempts.commit(generation, positions);
    }
  }

  async #begin() {
    const group = new MemoryWorkerGroup(this.coordinator);
    // Who was killed is no member any more, and cannot be heard.
    this.coordinator.forgetMembers();
    await group.join({ assigned: () => undefined, revoked: () => undefined, failed: () => undefined });
    let die: (how: "died") => void = () => undefined;
    const death = new Promise<"died">((resolve) => (die = resolve));
    const keep = (into: Set<string>, batches: readonly PartitionBatch[]): void => {
      for (const { partition, records } of batches)
        for (const { offset } of records) into.add(`${partition}/${offset}`);
    };
    const attempts = new Attempts({
      fleetId: FLEET_ID,
      generation: this.coordinator.generation,
      group,
      settings: { killsMax: KILLS_MAX, batchRecordsMax: this.#log.batchRecordsMax },
      patience: new Patience({ delayMs: 1, delayMaxMs: 2, logger: silentLogger }),
      logger: silentLogger,
      pipeline: {
        run: async (batches) => {
          const kills = batches.some(({ partition, records }) =>
            records.some(({ offset }) => this.#log.killers.has(`${partition}/${offset}`)),
          );
          if (kills) {
            die("died");
            return await new Promise<never>(() => undefined);
          }
          keep(this.applied, batches);
          return new Set();
        },
        reject: async (batch) => {
          keep(this.rejected, [batch]);
          return await Promise.resolve(new Set<number>());
        },
      },
    });
    return { attempts, generation: this.coordinator.generation, death };
  }
}

function partitionsOf(count: number): number[] {
  return Array.from({ length: count }, (_, partition) => partition);
}

function batchOf(partition: number, from: number, to: number): PartitionBatch {
  const records = Array.from({ length: to - from }, (_, index) => recordAt(from + index));
  return { partition, records, nextOffset: to };
}

function allBut(log: Log): string[] {
  return partitionsOf(log.partitions)
    .flatMap((partition) => Array.from({ length: log.records }, (_, offset) => `${partition}/${offset}`))
    .filter((place) => !log.killers.has(place));
}

const anyLog = fc
  .record({
    partitions: fc.integer({ min: 1, max: 3 }),
    records: fc.integer({ min: 1, max: 30 }),
    batchRecordsMax: fc.integer({ min: 1, max: 8 }),
    runsPerCommit: fc.integer({ min: 1, max: 5 }),
    operatorKills: fc.array(fc.tuple(fc.nat({ max: 12 }), fc.integer({ min: 1, max: 4 })), { maxLength: 6 }),
    killers: fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 29 })), { maxLength: 3 }),
  })
  .map(({ killers, operatorKills, ...log }): Log => {
    const inLog = killers.filter(([partition, offset]) => partition < log.partitions && offset < log.records);
    const places = inLog.map(([partition, offset]) => `${partition}/${offset}`);
    return { ...log, killers: new Set(places), operatorKills: new Map(operatorKills) };
  });

describe("workers that are killed by records, and by operators", () => {
  test("dead-letter each record that kills, nothing else, and apply all others", async () => {
    await fc.assert(
      fc.asyncProperty(anyLog, async (log) => {
        const lives = new Lives(log);
        await lives.untilDone();
        expect(lives.count).toBeLessThan(LIVES_MAX);
        expect([...lives.rejected].toSorted()).toEqual([...log.killers].toSorted());
        expect([...lives.applied].toSorted()).toEqual(allBut(log).toSorted());
      }),
      { numRuns: 300 },
    );
  });

  test("find a record of the first batch after twice the bound of deaths", async () => {
    const log = { partitions: 3, records: 20, batchRecordsMax: 10, runsPerCommit: 3 };
    const lives = new Lives({ ...log, killers: new Set(["1/4"]), operatorKills: new Map() });
    await lives.untilDone();
    expect([lives.count, [...lives.rejected]]).toEqual([2 * KILLS_MAX + 1, ["1/4"]]);
  });

  test("leave the fleet's id alone beside what they commit while all goes well", async () => {
    const log = { partitions: 1, records: 20, batchRecordsMax: 10, runsPerCommit: 1 };
    const lives = new Lives({ ...log, killers: new Set(), operatorKills: new Map() });
    await lives.untilDone();
    expect([lives.coordinator.committed, lives.coordinator.notes]).toEqual([
      new Map([[0, 20]]),
      new Map([[0, printCommitNote({ fleet: FLEET_ID })]]),
    ]);
  });
});

describe("what is given up in an orderly way", () => {
  test.each([
    { trying: { offset: 5, times: KILLS_MAX - 1, until: 15 } },
    { begun: { at: 5, times: KILLS_MAX - 1 } },
    {},
  ])("is noted as not tried, however often that happens: %j", async (begun) => {
    const coordinator = new MemoryCoordinator(1);
    const rejected: PartitionBatch[] = [];
    coordinator.committed.set(0, 5);
    coordinator.notes.set(0, printCommitNote({ fleet: FLEET_ID, ...begun }));
    for (let turn = 0; turn < KILLS_MAX + 2; turn++) {
      coordinator.forgetMembers();
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
          run: () => Promise.reject(new Error("given up")),
          reject: async (batch) => {
            rejected.push(batch);
            return await Promise.resolve(new Set<number>());
          },
        },
      });
      const running = attempts.run([batchOf(0, 5, 8)], new AbortController().signal);
      await expect(running).rejects.toThrow("given up");
    }
    expect(rejected).toEqual([]);
    expect(parseCommitNote(coordinator.notes.get(0))).toEqual({ fleet: FLEET_ID, ...begun });
  });
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
