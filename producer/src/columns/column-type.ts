import type { ColumnType } from "@lastknown/shared";
import { COMMA, NUMBER, numberForm, PADDED, POINT } from "./number-form.js";

/** Integers of so many characters are all within ±(2^53−1). */
const SAFE_LENGTH = 15;

/** What all values of one column seen so far have in common. */
export interface ColumnFacts {
  /** Cells that are not empty. */
  values: number;
  /** Every value is written as a number. Values past the largest double count too: their rows are rejected. */
  numbers: boolean;
  /** Every value is an integer within ±(2^53−1). */
  integers: boolean;
  booleans: boolean;
  /** A value has a point, or a comma, before its fraction. Both in one column: it is text. */
  points: boolean;
  commas: boolean;
}

export function noFacts(): ColumnFacts {
  return { values: 0, numbers: true, integers: true, booleans: true, points: false, commas: false };
}

/** Adds one value. After both `numbers` and `booleans` are false nothing more can be learnt. */
export function learn(facts: ColumnFacts, value: string, commaAllowed: boolean): void {
  facts.values++;
  if (facts.numbers) learnNumber(facts, value, commaAllowed);
  if (facts.booleans) facts.booleans = value === "true" || value === "false";
}

function learnNumber(facts: ColumnFacts, value: string, commaAllowed: boolean): void {
  const form = numberForm(value);
  if ((form & NUMBER) === 0 || (form & PADDED) !== 0) {
    facts.numbers = facts.integers = false;
    return;
  }
  if ((form & POINT) !== 0) facts.points = true;
  else if ((form & COMMA) !== 0) facts.commas = true;
  if (facts.commas && (facts.points || !commaAllowed)) facts.numbers = facts.integers = false;
  if (form !== NUMBER) facts.integers = false;
  // An integer that a double cannot hold is an id, not an amount.
  else if (value.length > SAFE_LENGTH && !Number.isSafeInteger(Number(value)))
    facts.numbers = facts.integers = false;
}

/** The type that holds all values; undefined while there is none. */
export function typeOf(facts: ColumnFacts): ColumnType | undefined {
  if (facts.values === 0) return undefined;
  if (facts.booleans) return "boolean";
  return facts.numbers ? "double" : "string";
}

/** Whether every value seen can be stored as this type. */
export function fits(facts: ColumnFacts, type: ColumnType): boolean {
  switch (type) {
    case "string":
      return true;
    case "double":
      return facts.numbers;
    case "long":
      return facts.integers;
    case "boolean":
      return facts.booleans;
  }
}
