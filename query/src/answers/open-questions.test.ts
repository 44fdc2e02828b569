import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { OpenQuestions } from "./open-questions.js";

/** Far longer than anything here takes. */
const LONG_MS = 60_000;

/** An answer that is given when the test says so. */
function answer(): { promise: Promise<string>; give: () => void; fail: () => void } {
  let give = (): void => undefined;
  let fail = (): void => undefined;
  const promise = new Promise<string>((resolve, reject) => {
    give = () => resolve("content");
    fail = () => reject(new Error("no answer"));
  });
  return { promise, give, fail };
}

test("who waits for none waits until the last of several has its answer, or has failed", async () => {
  const questions = new OpenQuestions();
  const [first, last] = [answer(), answer()];
  const asked = [first, last].map(({ promise }) => questions.during(() => promise));
  let isNone = false;
  const none = questions.none(LONG_MS).then(() => (isNone = true));
  first.give();
  expect(await asked[0]).toBe("content");
  await sleep(5);
  expect(isNone).toBe(false);
  last.fail();
  await expect(asked[1]).rejects.toThrow("no answer");
  await none;
  await questions.none(LONG_MS);
});

test("who waits for none waits no longer than the time", async () => {
  const questions = new OpenQuestions();
  const { promise, give } = answer();
  const asked = questions.during(() => promise);
  await questions.none(5);
  expect(questions.hadWithin(0)).toBe(true);
  give();
  await asked;
});

test("a question counts as asked while it is open and for as long afterwards as is wanted", async () => {
  const questions = new OpenQuestions();
  expect(questions.hadWithin(LONG_MS)).toBe(false);
  await questions.during(() => Promise.resolve());
  expect(questions.hadWithin(LONG_MS)).toBe(true);
  await sleep(5);
  expect(questions.hadWithin(1)).toBe(false);
});
