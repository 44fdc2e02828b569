import { describe, expect, it } from "@jest/globals";
import { exitCodes } from "./exit-codes.js";
import { describeError, exitCodeOf, FatalError } from "./fatal-error.js";

describe("FatalError", () => {
  it("is told as what, where and the fix, and keeps its cause", () => {
    const cause = new Error("refused");
    const error = new FatalError("Redis is gone at a:1", {
      fix: "start it",
      exitCode: exitCodes.unreachable,
      cause,
    });
    expect(describeError(error)).toBe("Redis is gone at a:1: start it");
    expect(error.cause).toBe(cause);
    expect(exitCodeOf(error)).toBe(4);
  });

  it("ends with 1 where nothing else is said, as does any other error", () => {
    expect(exitCodeOf(new FatalError("x", { fix: "y" }))).toBe(1);
    expect(exitCodeOf(new TypeError("x"))).toBe(1);
    expect(describeError("text")).toBe("text");
  });
});
