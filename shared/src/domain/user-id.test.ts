import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { isPlainUserId, userIdProblem } from "./user-id.js";

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

test("a plain id is a legal one, and of ASCII each legal one is plain", () => {
  const ascii = fc.string({
    unit: fc.integer({ min: 0, max: 127 }).map((unit) => String.fromCharCode(unit)),
  });
  const long = fc.integer({ min: 254, max: 258 }).map((length) => "a".repeat(length));
  fc.assert(
    fc.property(fc.oneof(ascii, long), (user) => {
      expect(isPlainUserId(Buffer.from(user))).toBe(userIdProblem(user) === undefined);
    }),
    { numRuns: 1000 },
  );
  for (const bytes of [[0x80], [0x61, 0xff], [0xc3, 0xa9]])
    expect(isPlainUserId(Buffer.from(bytes))).toBe(false);
});
