import { expect } from "@jest/globals";
import type { FleetJudgement, Judgement } from "../oracle/index.js";

/** All that the oracle has judged, by name; the judgements of the answers one by one. */
export function judgementsOf({ answers, ...stores }: FleetJudgement): Record<string, Judgement> {
  return { ...stores, ...answers };
}

/** The oracle finds nothing wrong, and has looked at something everywhere but among the dead letters. */
export function expectAllRight(judgement: FleetJudgement): void {
  for (const [name, { checked, right, wrong }] of Object.entries(judgementsOf(judgement))) {
    expect({ name, right, wrong }).toEqual({ name, right: checked, wrong: [] });
    if (name !== "deadLetters") expect(checked).toBeGreaterThan(0);
  }
}

/** Each of these judgements has found something wrong, and such a thing is among the first. */
export function expectWrong(
  judgement: FleetJudgement,
  wrong: Readonly<
    Record<string, { readonly where: string; readonly expected: unknown; readonly actual: unknown }>
  >,
): void {
  const judged = judgementsOf(judgement);
  for (const [name, { where, expected, actual }] of Object.entries(wrong)) {
    const mismatch = { where: expect.stringContaining(where), expected, actual };
    expect(judged[name]?.wrong).toContainEqual(mismatch);
  }
}
