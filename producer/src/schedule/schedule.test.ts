import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { DriftHistogram } from "./drift-histogram.js";
import { Schedule } from "./schedule.js";

const SECOND = 1_000_000;

function planAll(
  pace: ConstructorParameters<typeof Schedule>[0],
  sts: readonly number[],
): (number | undefined)[] {
  const schedule = new Schedule(pace);
  return sts.map((time) => schedule.plan(time));
}

describe("the schedule", () => {
  it("keeps the rows' own distances, divided by the speed", () => {
    expect(planAll({ speed: 1 }, [5 * SECOND, 6 * SECOND, 6 * SECOND, 9 * SECOND])).toEqual([
      0, 1000, 1000, 4000,
    ]);
    expect(planAll({ speed: 10 }, [0, SECOND])).toEqual([0, 100]);
  });

  it("plans nothing at full speed, and even distances at a rate", () => {
    expect(planAll({ speed: "max" }, [0, SECOND])).toEqual([undefined, undefined]);
    expect(planAll({ speed: 1, rate: 200 }, [0, 0, SECOND])).toEqual([0, 5, 10]);
  });

  it("cuts long silences", () => {
    expect(planAll({ speed: 1, maxGap: 2 * SECOND }, [0, SECOND, 3600 * SECOND, 3601 * SECOND])).toEqual([
      0, 1000, 3000, 4000,
    ]);
  });

  it("has what steps back in a stream due at once, and does not wait for the step twice", () => {
    expect(planAll({ speed: 1 }, [10 * SECOND, 4 * SECOND, 10 * SECOND, 11 * SECOND])).toEqual([
      0, 0, 0, 1000,
    ]);
  });

  it("does not add up errors over many rows", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5_000_000), { minLength: 2, maxLength: 200 }), (gaps) => {
        let sts = 0;
        const times = gaps.map((gap) => (sts += gap));
        const planned = planAll({ speed: 3 }, times);
        expect(planned.at(-1)).toBeCloseTo((sts - (times[0] as number)) / 3000, 6);
      }),
    );
  });
});

describe("the drift", () => {
  it("has percentiles within five percent, in memory that does not grow", () => {
    const histogram = new DriftHistogram();
    for (let ms = 1; ms <= 1000; ms++) histogram.add(ms);
    const { p50, p99, max } = histogram.summary() as { p50: number; p99: number; max: number };
    expect(p50 / 500).toBeCloseTo(1.025, 1);
    expect(p99).toBeGreaterThanOrEqual(990);
    expect(p99).toBeLessThanOrEqual(1000);
    expect(max).toBe(1000);
    expect(new DriftHistogram().summary()).toBeUndefined();
  });
});
