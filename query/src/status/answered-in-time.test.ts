import { expect, test } from "@jest/globals";
import { answeredInTime } from "./answered-in-time.js";

test("tells the answer that comes in time, each time anew", async () => {
  let answer = true;
  const isReachable = answeredInTime(async () => answer, 10_000);
  expect(await isReachable()).toBe(true);
  answer = false;
  expect(await isReachable()).toBe(false);
});

test("takes who stays silent for away, and does not ask again meanwhile", async () => {
  const questions: ((answer: boolean) => void)[] = [];
  const isReachable = answeredInTime(() => new Promise((resolve) => questions.push(resolve)), 1);
  expect([await isReachable(), await isReachable(), questions.length]).toEqual([false, false, 1]);
  questions[0]?.(true);
  await Promise.resolve();
  const again = isReachable();
  questions[1]?.(true);
  expect([await again, questions.length]).toEqual([true, 2]);
});
