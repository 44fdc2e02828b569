import { expect } from "@jest/globals";
import type { FleetJudgement } from "../oracle/index.js";

/** A mismatch as a control has to show it; the values may be asymmetric matchers. */
export interface ExpectedMismatch {
  /** A part of the text. */
  readonly where: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Each of the named judgements has found something wrong, and such a thing is among the first. */
export function expectWrong(
  { answers, ...stores }: FleetJudgement,
  wrong: Readonly<Record<string, ExpectedMismatch>>,
): void {
  const judged = new Map(Object.entries({ ...stores, ...answers }));
  for (const [name, { where, expected, actual }] of Object.entries(wrong)) {
    const mismatch = { where: expect.stringContaining(where), expected, actual };
    expect(judged.get(name)?.wrong).toContainEqual(mismatch);
  }
}
