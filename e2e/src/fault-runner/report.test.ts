import { expect, it } from "@jest/globals";
import { isRight } from "./report.js";
import type { ScenarioResult, Struck } from "./run-scenario.js";

const struck: Struck = {
  fault: "kill -9 of a worker",
  seen: "others had its partitions after 6 s",
  seconds: 83.3,
  standstillSeconds: 4.7,
  standstillBoundSeconds: 63,
  fromMs: 0,
  healedWithinMs: 10_000,
};
const right: ScenarioResult = {
  scenario: "workers",
  seed: 1,
  planned: 1,
  struck: [struck],
  seconds: 100,
  complaints: [],
  figures: { rows: 10 },
};

it("a scenario is right where every planned fault was made and nothing is complained about", () => {
  expect(isRight(right)).toBe(true);
  expect(isRight({ ...right, planned: 2 })).toBe(false);
  expect(isRight({ ...right, struck: [] })).toBe(false);
  expect(isRight({ ...right, complaints: ["audit: 1 of 2 right"] })).toBe(false);
});
