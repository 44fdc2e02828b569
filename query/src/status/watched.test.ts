import { expect, test } from "@jest/globals";
import { until } from "../memory-service-for-test.js";
import { Watched } from "./watched.js";

test("an answer counts for its time, and is not known before and after", async () => {
  let nowMs = 1000;
  let answers = 0;
  const watched = new Watched({
    ask: async () => ++answers,
    intervalMs: 1_000_000,
    ageMsMax: 10_000,
    monotonicMs: () => nowMs,
  });
  expect(watched.last).toBeUndefined();
  watched.start();
  await until(
    async () => watched.last,
    (last) => last !== undefined,
  );
  expect(watched.last).toEqual({ value: 1, askedAtMs: 1000 });
  nowMs += 10_001;
  expect(watched.last).toBeUndefined();
  await watched.stop();
});

test("one question is asked at a time, again and again, also after one that failed", async () => {
  let [asked, underWay, most] = [0, 0, 0];
  const ask = async (): Promise<number> => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 2));
    underWay--;
    if (++asked === 1) throw new Error("away");
    return asked;
  };
  const watched = new Watched({ ask, intervalMs: 1, ageMsMax: 60_000 });
  watched.start();
  await until(
    async () => asked,
    (number) => number >= 3,
  );
  await watched.stop();
  expect(most).toBe(1);
  const afterStop = asked;
  expect(watched.last?.value).toBe(afterStop);
});
