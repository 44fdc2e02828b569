import { beforeEach, describe, expect, test } from "@jest/globals";
import { DelayWindow } from "./delay-window.js";

describe("delays of the last seconds", () => {
  let nowMs: number;
  let delays: DelayWindow;

  beforeEach(() => {
    nowMs = 50_000;
    delays = new DelayWindow(60, () => nowMs);
  });

  test("are not known where there was nothing", () => {
    const none = { count: 0, p50Seconds: null, p95Seconds: null, p99Seconds: null, maxSeconds: null };
    expect(delays.figures(60)).toEqual(none);
  });

  test("are never told too small, and too great by a tenth at most", () => {
    const all = Array.from({ length: 1000 }, (_, index) => 3 + index * 7.3);
    for (const delay of all) delays.add(delay);
    const { count, p50Seconds, p95Seconds, p99Seconds, maxSeconds } = delays.figures(60);
    expect([count, maxSeconds]).toEqual([1000, Math.round(all[999] as number) / 1000]);
    for (const [told, rank] of [
      [p50Seconds, 500],
      [p95Seconds, 950],
      [p99Seconds, 990],
    ] as const) {
      const exact = (all[rank - 1] as number) / 1000;
      expect(told).toBeGreaterThanOrEqual(exact);
      expect(told).toBeLessThanOrEqual(exact * 1.1 + 0.001);
    }
  });

  test("are those of the seconds asked for", () => {
    delays.add(10);
    nowMs += 12_000;
    delays.add(4000);
    expect(delays.figures(10)).toMatchObject({ count: 1, p50Seconds: 4, maxSeconds: 4 });
    expect(delays.figures(60)).toMatchObject({ count: 2, maxSeconds: 4 });
    expect(delays.figures(60).p50Seconds).toBeLessThan(0.012);
  });

  test("are forgotten after the whole time, and their place is used again", () => {
    delays.add(4000);
    nowMs += 60_000;
    expect(delays.figures(60).count).toBe(0);
    delays.add(1);
    expect(delays.figures(60)).toMatchObject({ count: 1, maxSeconds: 0.001 });
  });

  test("below zero, of clocks that differ, count as none; hours count as they are", () => {
    delays.add(-50);
    expect(delays.figures(60)).toMatchObject({ count: 1, p50Seconds: 0, maxSeconds: 0 });
    delays.add(30 * 3_600_000);
    expect(delays.figures(60)).toMatchObject({ count: 2, p99Seconds: 108_000, maxSeconds: 108_000 });
  });
});
