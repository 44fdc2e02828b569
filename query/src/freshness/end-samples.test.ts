import { expect, test } from "@jest/globals";
import { EndSamples } from "./end-samples.js";
import { FoldMarks } from "./fold-marks.js";

test("a record was absent at the last look at which the partition ended at or before it", () => {
  const samples = new EndSamples();
  samples.add(100, 10);
  samples.add(200, 10);
  samples.add(300, 15);
  expect(samples.absentAtMs(9)).toBeUndefined();
  expect(samples.absentAtMs(10)).toBe(200);
  expect(samples.absentAtMs(14)).toBe(200);
  expect(samples.absentAtMs(15)).toBe(300);
});

test("a record was there since the first look at which the partition ended past it", () => {
  const samples = new EndSamples();
  samples.add(100, 10);
  samples.add(200, 10);
  samples.add(300, 15);
  samples.add(400, 15);
  expect(samples.presentSinceMs(9)).toBe(100);
  expect(samples.presentSinceMs(10)).toBe(300);
  expect(samples.presentSinceMs(15)).toBeUndefined();
});

test("of looks long ago some are kept, the first among them: so an age is never told too small", () => {
  const samples = new EndSamples();
  const looks = 100_000;
  for (let end = 0; end < looks; end++) samples.add(end, end);
  expect(samples.absentAtMs(0)).toBeUndefined();
  expect(samples.absentAtMs(looks - 1)).toBe(looks - 1);
  for (const offset of [0, 1, 777, 50_000, 99_850, 99_950]) {
    expect(samples.longAbsentAtMs(offset)).toBeLessThanOrEqual(offset);
    expect(samples.presentSinceMs(offset)).toBeGreaterThan(offset);
    expect(samples.presentSinceMs(offset)).toBeLessThan(offset + Math.max(2, (looks - offset) / 5));
    // By a fifth of its age at most.
    expect(samples.longAbsentAtMs(offset)).toBeGreaterThan(offset - (looks - offset) / 5);
  }
  expect(samples.longAbsentAtMs(0)).toBe(0);
  const late = new EndSamples();
  late.add(5, 10);
  expect(late.longAbsentAtMs(9)).toBeUndefined();
});

test("a view is complete below the greatest commit whose audit end it has passed", () => {
  const marks = new FoldMarks();
  expect(marks.completeBelow(100)).toBe(0);
  marks.add(5, 8);
  marks.add(9, 12);
  marks.add(9, 13);
  expect(marks.completeBelow(7)).toBe(0);
  expect(marks.completeBelow(8)).toBe(5);
  expect(marks.completeBelow(12)).toBe(9);
  expect(marks.completeBelow(20)).toBe(9);
});

test("marks are bounded, and what is dropped makes a view look behind, never ahead", () => {
  const marks = new FoldMarks();
  for (let offset = 1; offset < 1000; offset++) marks.add(offset, offset * 2);
  for (const audit of [0, 2, 500, 1998]) expect(marks.completeBelow(audit)).toBeLessThanOrEqual(audit / 2);
  expect(marks.completeBelow(1998)).toBe(999);
});
