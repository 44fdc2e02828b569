import { expect, test } from "@jest/globals";
import { arrivalFor } from "../arrival-for-test.js";
import { RecentTails, type UserTail } from "./recent-tails.js";

function tailOf(number: number): UserTail {
  const { order } = arrivalFor({ user: String(number), offset: number });
  return { number, lastOffset: number, maximum: order, lastBlock: undefined };
}

test("forgets who was not folded for longest, and keeps a bounded number", () => {
  const tails = new RecentTails(2);
  const known = (): number[] =>
    [1, 2, 3, 4, 5].filter((number) => tails.get(String(number))?.number === number);
  for (const number of [1, 2, 3]) tails.add(String(number), tailOf(number));
  expect(known()).toEqual([1, 2, 3]);
  // Folded again, so it stays when the others are forgotten.
  expect(tails.getToFold("1")?.number).toBe(1);
  tails.add("4", tailOf(4));
  expect(known()).toEqual([1, 3, 4]);
  tails.add("5", tailOf(5));
  expect(known()).toEqual([1, 3, 4, 5]);
});

test("a look alone keeps nobody", () => {
  const tails = new RecentTails(1);
  tails.add("1", tailOf(1));
  tails.add("2", tailOf(2));
  expect(tails.get("1")?.number).toBe(1);
  tails.add("3", tailOf(3));
  expect(tails.get("1")).toBeUndefined();
  expect(tails.getToFold("1")).toBeUndefined();
});

test("one that is changed is changed for the next who asks", () => {
  const tails = new RecentTails(1);
  tails.add("1", tailOf(1));
  (tails.getToFold("1") as UserTail).lastOffset = 9;
  tails.add("2", tailOf(2));
  expect(tails.getToFold("1")?.lastOffset).toBe(9);
  tails.clear();
  expect(tails.get("1")).toBeUndefined();
});
