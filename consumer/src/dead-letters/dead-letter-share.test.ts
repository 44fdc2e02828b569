import { describe, expect, test } from "@jest/globals";
import type { Arrival, JudgedBatch } from "../arrivals/partition-batch.js";
import type { Rejection, RejectionReason } from "../arrivals/rejection.js";
import { DeadLetterShare } from "./dead-letter-share.js";

const WINDOW_MS = 60_000;

/** One percent of a minute's records, from ten letters on. */
function shareAt(clock: { nowMs: number }): DeadLetterShare {
  const options = { percentMax: 1, windowMs: WINDOW_MS, lettersMin: 10, deadLetterTopic: "f.dead" };
  return new DeadLetterShare({ ...options, now: () => clock.nowMs });
}

function batchOf(good: number, bad: number, reason: RejectionReason = "null_key"): JudgedBatch {
  const rejection = { kind: "rejected", reason, error: "no key" } as Rejection;
  const arrivals = Array.from({ length: good }, () => ({}) as Arrival);
  return { partition: 0, nextOffset: 0, arrivals, rejections: Array.from({ length: bad }, () => rejection) };
}

describe("the share of a worker's records that are rejected", () => {
  test("stops it above the limit, and tells the counts by reason and the fix", () => {
    const share = shareAt({ nowMs: 0 });
    share.count([batchOf(990, 5), batchOf(0, 5, "internal")]);
    expect(() => share.count([batchOf(0, 1)])).toThrow(
      expect.objectContaining({
        message:
          "11 of the 1001 records of the last 60 s were rejected, more than 1 % (6 null_key, 5 internal; the last: no key)",
        fix: expect.stringContaining("--worker-dead-letters-percent-max") as unknown,
      }),
    );
  });

  test("stops no quiet worker: one of fifty records is a mishap", () => {
    const share = shareAt({ nowMs: 0 });
    for (let letter = 1; letter < 10; letter++) share.count([batchOf(4, 1)]);
    expect(() => share.count([batchOf(4, 1)])).toThrow("10 of the 50 records");
  });

  test("is that of the last minute alone", () => {
    const clock = { nowMs: 0 };
    const share = shareAt(clock);
    share.count([batchOf(0, 9)]);
    clock.nowMs = WINDOW_MS / 2;
    share.count([batchOf(100_000, 0)]);
    clock.nowMs = WINDOW_MS;
    // The first nine are forgotten; the many good ones are not.
    share.count([batchOf(0, 9)]);
    clock.nowMs = 1.5 * WINDOW_MS;
    expect(() => share.count([batchOf(100, 1)])).toThrow("10 of the 110 records");
  });

  test("is foreseen by the last minute alone", () => {
    const clock = { nowMs: 0 };
    const share = shareAt(clock);
    share.count([batchOf(0, 9)]);
    expect(() => share.foresee([batchOf(0, 1)])).toThrow("10 of the 10 records");
    clock.nowMs = WINDOW_MS;
    share.foresee([batchOf(0, 1)]);
  });

  test("is foreseen without being remembered", () => {
    const share = shareAt({ nowMs: 0 });
    for (let time = 0; time < 3; time++) share.foresee([batchOf(0, 9)]);
    expect(() => share.foresee([batchOf(0, 10)])).toThrow("10 of the 10 records");
    share.count([batchOf(0, 9)]);
    expect(() => share.foresee([batchOf(0, 1)])).toThrow("10 of the 10 records");
  });
});
