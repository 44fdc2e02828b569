import { expect, test } from "@jest/globals";
import { Pace } from "./pace.js";

test("a pace is not known before the second look, and then per second", () => {
  const pace = new Pace(5);
  expect(pace.perSecond).toBeUndefined();
  pace.look(1000, 100);
  expect(pace.perSecond).toBeUndefined();
  pace.look(3000, 130);
  expect([pace.perSecond, pace.growth]).toEqual([15, 30]);
});

test("a pace is that of the last seconds, by the times at which it was looked at", () => {
  const pace = new Pace(5);
  for (let second = 0; second <= 10; second++) pace.look(second * 1000, second * 100);
  for (let second = 11; second <= 15; second++) pace.look(second * 1000, 1000);
  expect([pace.perSecond, pace.growth]).toEqual([0, 0]);
});

test("the same look counts once, though it is given again", () => {
  const pace = new Pace(5);
  pace.look(1000, 0);
  pace.look(2000, 50);
  pace.look(2000, 90);
  expect(pace.perSecond).toBe(50);
});

test("a pace over a short time in which nobody could look is that of the whole time", () => {
  const pace = new Pace(5);
  pace.look(1000, 0);
  pace.look(2000, 10);
  pace.look(10_000, 90);
  expect(pace.perSecond).toBe(10);
});

test("a pace begins anew after a time in which nobody could look for long", () => {
  const pace = new Pace(5);
  pace.look(1000, 0);
  pace.look(2000, 10);
  pace.look(302_000, 30_010);
  expect([pace.perSecond, pace.growth]).toEqual([undefined, undefined]);
  pace.look(303_000, 30_015);
  expect([pace.perSecond, pace.growth]).toEqual([5, 5]);
});

test("a total that gets less begins anew", () => {
  const pace = new Pace(5);
  pace.look(1000, 500);
  pace.look(2000, 20);
  expect(pace.perSecond).toBeUndefined();
  pace.look(3000, 30);
  expect(pace.perSecond).toBe(10);
});
