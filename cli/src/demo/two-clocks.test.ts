import { describe, expect, test } from "@jest/globals";
import { recomputeBytes } from "@lastknown/e2e";
import { findTwoClocksQuestion } from "./two-clocks.js";

function timelinesOf(...rows: string[]) {
  return recomputeBytes(Buffer.from(["user_id,time_stamp,sts,place", ...rows].join("\n"))).timelines;
}

describe("the question of the two clocks", () => {
  test("is a moment at which what had been received lay behind what was true", () => {
    const question = findTwoClocksQuestion(
      timelinesOf(
        "a,2024-01-01T10:00:00Z,2024-01-01T10:00:01Z,home",
        "a,2024-01-01T11:00:00Z,2024-01-01T15:00:00Z,sea",
        "a,2024-01-01T16:00:00Z,2024-01-01T16:00:01Z,home",
      ),
    );
    expect(question?.user).toBe("a");
    expect(question?.at.arrival.attributes).toContain("sea");
    expect(question?.knownAt.arrival.attributes).toContain("home");
  });

  test("is the one of which was heard last", () => {
    const question = findTwoClocksQuestion(
      timelinesOf(
        "a,2024-01-01T10:00:00Z,2024-01-01T10:00:01Z,first",
        "a,2024-01-01T10:30:00Z,2024-01-01T15:00:00Z,hours later",
        "a,2024-01-01T13:00:00Z,2024-01-01T15:00:00Z,two hours later",
      ),
    );
    expect(question?.at.arrival.attributes).toContain('"hours later"');
  });

  test("does not exist where nothing came late", () => {
    expect(
      findTwoClocksQuestion(
        timelinesOf(
          "a,2024-01-01T10:00:00Z,2024-01-01T10:00:00Z,home",
          "a,2024-01-01T11:00:00Z,2024-01-01T11:00:00Z,sea",
        ),
      ),
    ).toBeUndefined();
  });
});
