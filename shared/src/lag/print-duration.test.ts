import { expect, test } from "@jest/globals";
import { printDuration } from "./print-duration.js";

test.each([
  [0, "0 s"],
  [0.2, "1 s"],
  [119, "119 s"],
  [120, "2 min"],
  [7199, "120 min"],
  [7200, "2 h"],
  [47 * 3600, "47 h"],
  [48 * 3600, "2 days"],
  [729 * 86_400, "729 days"],
  [474_981 * 3600, "54 years"],
])("prints %d seconds as %s", (seconds, text) => {
  expect(printDuration(seconds)).toBe(text);
});

test("rounds seconds as it is told", () => {
  expect(printDuration(1.26, (some) => some.toFixed(1))).toBe("1.3 s");
});
