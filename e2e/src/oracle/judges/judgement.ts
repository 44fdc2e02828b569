import { isDeepStrictEqual } from "node:util";

/** One thing that is not as it has to be. */
export interface Mismatch {
  readonly where: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

export interface Judgement {
  readonly checked: number;
  readonly right: number;
  /** The first few that are wrong; `checked - right` tells how many there are. */
  readonly wrong: readonly Mismatch[];
}

/** So many mismatches are kept to be shown. */
const MISMATCHES_KEPT_MAX = 10;

/** Counts what was compared, and keeps the first things that differ. */
export class Tally {
  #checked = 0;
  #right = 0;
  readonly #wrong: Mismatch[] = [];

  /** Compares by content. */
  check(where: string, expected: unknown, actual: unknown): void {
    this.#checked++;
    if (isDeepStrictEqual(expected, actual)) this.#right++;
    else if (this.#wrong.length < MISMATCHES_KEPT_MAX) this.#wrong.push({ where, expected, actual });
  }

  /** Counts something that should not be, or that is missing, without anything to compare. */
  fail(where: string, expected: unknown, actual: unknown): void {
    this.#checked++;
    if (this.#wrong.length < MISMATCHES_KEPT_MAX) this.#wrong.push({ where, expected, actual });
  }

  get judgement(): Judgement {
    return { checked: this.#checked, right: this.#right, wrong: this.#wrong };
  }
}

/** One line for a person: `10,000 of 10,000 right`, or how many are not and the first of them. */
export function printJudgement({ checked, right, wrong }: Judgement): string {
  const [count, total] = [right, checked].map((number) => number.toLocaleString("en-US"));
  const first = wrong[0] === undefined ? "" : `; first wrong: ${printMismatch(wrong[0])}`;
  return `${count} of ${total} right${first}`;
}

function printMismatch({ where, expected, actual }: Mismatch): string {
  return `${where}: expected ${printValue(expected)}, got ${printValue(actual)}`;
}

function printValue(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? part.toString() : part));
}
