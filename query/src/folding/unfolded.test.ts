import { expect, test } from "@jest/globals";
import type { LogRecord, LogSlice } from "@lastknown/shared";
import { Unfolded } from "./unfolded.js";

function sliceOf(offsets: readonly number[], nextOffset: number): LogSlice {
  const records = offsets.map((offset): LogRecord => {
    return { offset, appendedAtMs: 0, key: null, value: null, headers: {} };
  });
  return { records, nextOffset, highWatermark: 100, logStartOffset: 0 };
}

const AT_START = { position: () => ({ nextOffset: 5, sourceEnd: 0 }) };

/** Of each transaction: partition, offsets, and where the partition goes on. */
function taken(unfolded: Unfolded, recordsMax: number): [number, number[], number][][] {
  const transactions: [number, number[], number][][] = [];
  while (!unfolded.isEmpty) {
    const { parts, records } = unfolded.take(recordsMax);
    expect(records).toBe(parts.reduce((sum, part) => sum + part.records.length, 0));
    transactions.push(
      parts.map((part) => [part.partition, part.records.map(({ offset }) => offset), part.nextOffset]),
    );
  }
  return transactions;
}

test("fills each transaction, cutting partitions where it must, and goes on behind the last record of each", () => {
  const slices = new Map([
    [0, sliceOf([5, 6, 7], 8)],
    [1, sliceOf([5, 9], 12)],
    [2, sliceOf([6], 7)],
  ]);
  expect(taken(new Unfolded(slices, AT_START), 4)).toEqual([
    [
      [0, [5, 6, 7], 8],
      [1, [5], 6],
    ],
    [
      [1, [9], 12],
      [2, [6], 7],
    ],
  ]);
});

test("passes batches that compaction emptied, and leaves out who brings nothing", () => {
  const slices = new Map([
    [0, sliceOf([], 5)],
    [1, sliceOf([], 9)],
    [2, sliceOf([5], 6)],
  ]);
  expect(taken(new Unfolded(slices, AT_START), 10)).toEqual([
    [
      [1, [], 9],
      [2, [5], 6],
    ],
  ]);
  expect(new Unfolded(new Map([[0, sliceOf([], 5)]]), AT_START).isEmpty).toBe(true);
});

test("may take another number each time", () => {
  const unfolded = new Unfolded(new Map([[0, sliceOf([5, 6, 7, 8, 9], 10)]]), AT_START);
  const sizes = [1, 3, 10].map((max) => unfolded.take(max).records);
  expect([sizes, unfolded.isEmpty]).toEqual([[1, 3, 1], true]);
});
