import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { OpenQuestions } from "../answers/open-questions.js";
import { FoldPacer } from "./fold-pacer.js";

const RECORDS_MAX = 500;

test("transactions are as large as they may be while nobody asks, and short while questions are asked", async () => {
  const questions = new OpenQuestions();
  const pacer = new FoldPacer(RECORDS_MAX, questions);
  expect(pacer.recordsMax).toBe(RECORDS_MAX);
  await questions.during(() => Promise.resolve());
  expect(pacer.recordsMax).toBe(100);
  expect(new FoldPacer(40, questions).recordsMax).toBe(40);
});

test("after a transaction the loop comes round, and open questions have a moment before the next", async () => {
  const events: string[] = [];
  const none = async (waitMsMax: number): Promise<void> => {
    await nextTurn();
    events.push(`none open, or ${waitMsMax} ms over`);
  };
  const pacer = new FoldPacer(RECORDS_MAX, { hadWithin: () => true, none });
  setImmediate(() => events.push("what came meanwhile"));
  await pacer.fold(() => void events.push("transaction"));
  expect(events).toEqual(["transaction", "what came meanwhile", "none open, or 2 ms over"]);
});

test("an answer that takes long holds up folding for a while, and no longer", async () => {
  const questions = new OpenQuestions();
  const pacer = new FoldPacer(RECORDS_MAX, questions);
  const over = new AbortController();
  const answered = questions.during(() =>
    sleep(60_000, undefined, { signal: over.signal }).catch(() => undefined),
  );
  for (let folds = 0; folds < 5; folds++) await pacer.fold(() => undefined);
  over.abort();
  await answered;
});
