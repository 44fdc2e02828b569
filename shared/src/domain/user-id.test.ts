import { expect, test } from "@jest/globals";
import { userIdProblem } from "./user-id.js";

test.each(["a", "/", "{}", "..", "\n", "🚌", "a".repeat(256), "🚌".repeat(64), "é", "é"])(
  "%j is a user id",
  (user) => expect(userIdProblem(user)).toBeUndefined(),
);

test.each([
  ["", "empty"],
  ["a".repeat(257), "longer than 256 bytes"],
  ["🚌".repeat(65), "longer than 256 bytes"],
  ["a\0b", "NUL"],
  ["\ud83d", "not valid UTF-8"],
])("%j is none: %s", (user, problem) => expect(userIdProblem(user)).toContain(problem));
