import { expect, test } from "@jest/globals";
import type { Folded } from "../folding/audit-folder.js";
import { countVerdicts } from "../folding/count-verdicts.js";
import type { FoldedArrival } from "../view/arrival.js";
import { arrivalFor, batchOf } from "../view/arrival-for-test.js";
import { MemoryViewStore } from "../view/memory/memory-view-store.js";
import { FoldTally } from "./fold-tally.js";

const foldedOf = (added: readonly FoldedArrival[], doubles: number): Folded => ({
  added,
  verdicts: countVerdicts(added),
  doubles,
});

/** By arrivalFor, that of offset 0. */
const APPENDED_MS = 1_700_000_000_000;

test("counts verdicts as each arrival stood when it was folded, doubles apart", () => {
  const tally = new FoldTally({ isLive: () => true });
  const store = new MemoryViewStore();
  const arrivals = [
    arrivalFor({ user: "a", offset: 0, timeStamp: 5, letter: "x" }),
    arrivalFor({ user: "a", offset: 1, timeStamp: 3, letter: "y" }),
    arrivalFor({ user: "a", offset: 2, timeStamp: 5, letter: "x" }),
    arrivalFor({ user: "b", offset: 3, timeStamp: 1, letter: "z" }),
  ];
  tally.folded(foldedOf(store.fold(batchOf(arrivals)), 0));
  tally.folded(foldedOf(store.fold(batchOf(arrivals)), 4));
  tally.unreadable();
  expect(tally.verdicts).toEqual({ applied: 2, stale: 1, duplicate: 1 });
  expect([tally.doubles, tally.unreadableRecords]).toEqual([4, 1]);
});

test("measures from append to folded, but not while the view catches up", () => {
  let isLive = false;
  const nowMs = (): number => APPENDED_MS + 3000;
  const tally = new FoldTally({ isLive: () => isLive, nowMs });
  const store = new MemoryViewStore();
  tally.folded(foldedOf(store.fold(batchOf([arrivalFor({ user: "a", offset: 0 })])), 0));
  expect(tally.delays(60).count).toBe(0);
  isLive = true;
  tally.folded(foldedOf(store.fold(batchOf([arrivalFor({ user: "a", offset: 1000 })])), 0));
  expect(tally.delays(60)).toMatchObject({ count: 1, maxSeconds: 2 });
});
