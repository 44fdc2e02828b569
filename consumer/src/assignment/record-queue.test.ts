import { describe, expect, test } from "@jest/globals";
import type { LogRecord } from "@lastknown/shared";
import { eventually } from "../eventually.js";
import { RecordQueue } from "./record-queue.js";

const LIMITS = { recordsMax: 3, bytesMax: 1_000_000 };
const never = new AbortController().signal;

function recordsAt(...offsets: number[]): LogRecord[] {
  return offsets.map((offset) => ({
    offset,
    appendedAtMs: 0,
    key: Buffer.from("k"),
    value: Buffer.alloc(99),
    headers: {},
  }));
}

function shapeOf(batches: ReturnType<RecordQueue["take"]>): [number, number[], number][] {
  return batches.map(({ partition, records, nextOffset }) => [
    partition,
    records.map(({ offset }) => offset),
    nextOffset,
  ]);
}

describe("a record queue", () => {
  test("gives each partition's records in order, at most so many, and what is left first of all next time", () => {
    const queue = new RecordQueue(1_000_000);
    queue.push(1, recordsAt(10, 12), 13);
    queue.push(1, recordsAt(13, 15), 20);
    queue.push(2, recordsAt(5), 6);
    expect(shapeOf(queue.take(LIMITS))).toEqual([
      [1, [10, 12, 13], 14],
      [2, [5], 6],
    ]);
    expect(shapeOf(queue.take(LIMITS))).toEqual([[1, [15], 20]]);
    expect(queue.isEmpty).toBe(true);
  });

  test("ends a batch at 2000 records over all partitions, and those left out or cut off come first next time", () => {
    const queue = new RecordQueue(10_000_000);
    for (const partition of [1, 2, 3]) queue.push(partition, recordsAt(...Array(3000).keys()), 3000);
    const limits = { recordsMax: 1500, bytesMax: 10_000_000 };
    const taken = Array.from({ length: 4 }, () =>
      queue.take(limits).map(({ partition, records }) => [partition, records.length]),
    );
    expect(taken).toEqual([
      [
        [1, 1500],
        [2, 1500],
      ],
      [
        [3, 1500],
        [1, 1500],
      ],
      [
        [2, 1500],
        [3, 1500],
      ],
      [],
    ]);
  });

  test("gives a partition that runs apart alone, at the latest when the others came ten times", () => {
    const queue = new RecordQueue(1_000_000);
    for (const partition of [1, 2, 3]) queue.push(partition, recordsAt(...Array(40).keys()), 40);
    const runsApart = (partition: number): boolean => partition === 2;
    const taken = Array.from({ length: 13 }, () => queue.take(LIMITS, runsApart).map((one) => one.partition));
    const others = Array.from({ length: 10 }, () => [1, 3]);
    expect(taken).toEqual([...others, [2], [1, 3], [1, 3]]);
    queue.drop(1);
    queue.drop(3);
    expect(shapeOf(queue.take(LIMITS, runsApart))).toEqual([[2, [3, 4, 5], 6]]);
  });

  test("passes offsets without records, which a control batch leaves", () => {
    const queue = new RecordQueue(1_000_000);
    queue.push(1, recordsAt(3), 5);
    queue.push(1, [], 9);
    expect(shapeOf(queue.take(LIMITS))).toEqual([[1, [3], 9]]);
  });

  test("counts headers, which may be the greatest part of a record", () => {
    const queue = new RecordQueue(1_000_000);
    const headers = { trace: Buffer.alloc(600_000) };
    queue.push(
      1,
      recordsAt(3, 4).map((record) => ({ ...record, headers })),
      5,
    );
    expect(queue.bytes).toBeGreaterThan(1_200_000);
    expect(shapeOf(queue.take({ recordsMax: 3, bytesMax: 1_000_000 }))).toEqual([[1, [3], 4]]);
  });

  test("splits by bytes too, and never gives nothing for a long record", () => {
    const queue = new RecordQueue(1_000_000);
    queue.push(1, recordsAt(0, 1, 2), 3);
    const limits = { recordsMax: 100, bytesMax: 650 };
    expect(shapeOf(queue.take(limits))).toEqual([[1, [0, 1], 2]]);
    expect(shapeOf(queue.take({ ...limits, bytesMax: 1 }))).toEqual([[1, [2], 3]]);
  });

  test("has no room while too much is queued or under way", async () => {
    const queue = new RecordQueue(500);
    queue.push(1, recordsAt(0, 1), 2);
    let hasRoom = false;
    const waiting = queue.room(never).then(() => {
      hasRoom = true;
    });
    queue.take(LIMITS);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(hasRoom).toBe(false);
    queue.release();
    await waiting;
    expect(queue.bytes).toBe(0);
  });

  test("forgets a dropped partition and its bytes, and keeps the others", () => {
    const queue = new RecordQueue(1_000_000);
    queue.push(1, recordsAt(0, 1, 2, 3), 4);
    queue.push(2, recordsAt(7), 8);
    queue.take(LIMITS);
    queue.release();
    queue.drop(1);
    expect(queue.isEmpty).toBe(true);
    expect(queue.bytes).toBe(0);
  });

  test("wakes who waits for work when records come, when time is up, and when all ends", async () => {
    const queue = new RecordQueue(1_000_000);
    await queue.work(5, never);
    const ending = new AbortController();
    const waiting = queue.work(60_000, ending.signal);
    ending.abort(new Error("ended"));
    await expect(waiting).rejects.toThrow("ended");
    let isAwake = false;
    const woken = queue.work(60_000, never).then(() => {
      isAwake = true;
    });
    queue.push(1, recordsAt(0), 1);
    await eventually("awake", () => isAwake, 1000);
    await woken;
  });
});
