import { InvalidArgumentError } from "commander";

/** Reads an argument that is a whole number within the range; commander tells which option was wrong. */
export function wholeNumber(range: { min: number; max: number }): (text: string) => number {
  return (text) => {
    const number = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= range.min && number <= range.max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${range.min} to ${range.max}.`);
  };
}
