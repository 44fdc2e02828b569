import { expect, test } from "@jest/globals";
import { Breaker } from "./breaker.js";

test("refuses after failures in a row, then lets one through in each break until one succeeds", () => {
  let nowMs = 0;
  const breaker = new Breaker({ failuresMax: 3, breakMs: 1000, monotonicMs: () => nowMs });
  const fail = (): void => {
    expect(breaker.admits()).toBe(true);
    breaker.failed();
  };
  fail();
  fail();
  breaker.succeeded();
  for (let failure = 0; failure < 3; failure++) fail();
  expect(breaker.admits()).toBe(false);
  nowMs = 999;
  expect(breaker.admits()).toBe(false);
  nowMs = 1000;
  fail();
  nowMs = 1999;
  expect(breaker.admits()).toBe(false);
  nowMs = 2000;
  expect([breaker.admits(), breaker.admits()]).toEqual([true, false]);
  breaker.succeeded();
  expect([breaker.admits(), breaker.admits()]).toEqual([true, true]);
});
