import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { recomputeBytes } from "../recompute.js";
import { randomQuestions } from "./questions.js";

describe("randomQuestions", () => {
  it("asks the same for the same seed, on both clocks, at the moments of change and a microsecond beside", () => {
    const { timelines: sample } = recomputeBytes(
      readFileSync(new URL("../../../../sample/fleet.csv", import.meta.url)),
    );
    const questions = randomQuestions(sample, 900, 5);
    expect(randomQuestions(sample, 900, 5)).toEqual(questions);
    expect(randomQuestions(sample, 900, 6)).not.toEqual(questions);
    const has = (at: boolean, knownAt: boolean): number => {
      return questions.filter(({ question }) => {
        return (question.at !== undefined) === at && (question.knownAt !== undefined) === knownAt;
      }).length;
    };
    expect([has(true, false), has(false, true), has(true, true)]).toEqual([300, 300, 300]);
    const distance = ({ timeline, question }: (typeof questions)[number], beside: bigint): boolean => {
      return timeline.arrivals.some(({ order }) => question.at === order[0] + beside);
    };
    for (const beside of [-1n, 0n, 1n]) {
      expect(questions.filter((question) => distance(question, beside)).length).toBeGreaterThan(50);
    }
  });
});
