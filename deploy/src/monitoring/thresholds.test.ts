import { expect, test } from "@jest/globals";
import { LATENCY_BUCKETS_SECONDS } from "@lastknown/shared";
import { parseThresholds, readThresholds } from "./thresholds.js";

test("the thresholds are all there, and objectives for freshness stand where a bucket ends", () => {
  for (const seconds of readThresholds().freshWithinSeconds)
    expect(LATENCY_BUCKETS_SECONDS).toContain(seconds);
});

test("what is wrong with thresholds is all told at once, by name", () => {
  const { lagSecondsMax, ...others } = readThresholds();
  expect(lagSecondsMax).toBe(3);
  const text = JSON.stringify({ ...others, freshPercentMin: 100, stuckMinutes: 0.5, lagSeconds: 3 });
  expect(() => parseThresholds(text)).toThrow(
    "deploy/monitoring/thresholds.json: lagSecondsMax cannot be undefined; stuckMinutes cannot be 0.5; " +
      "freshPercentMin cannot be 100; lagSeconds is no threshold",
  );
});

test("what would make an alert silent is refused: a bound that no bucket has, a rate that no share can reach", () => {
  const changed = (changes: object) => (): unknown =>
    parseThresholds(JSON.stringify({ ...readThresholds(), ...changes }));
  expect(changed({ freshWithinSeconds: [2, 3] })).toThrow("freshWithinSeconds cannot be [2,3]");
  expect(changed({ freshPercentMin: 90 })).toThrow(
    "fastBurnRate cannot be 14.4 where freshPercentMin is 90: it has to be below 10",
  );
  expect(changed({ freshPercentMin: 90, fastBurnRate: 9.9 })).not.toThrow();
});

test("a text that is no JSON is told with the file's name", () => {
  expect(() => parseThresholds("{")).toThrow("deploy/monitoring/thresholds.json: not JSON: ");
});
