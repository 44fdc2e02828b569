import type { CellValue } from "../event/canonical-json.js";
import type { ColumnType } from "./column-types.js";

/** A type that the user names for a column, instead of what its cells tell. */
export type NamedType = "double" | "long" | "boolean" | "string";

/** The value of a cell that is not empty; undefined where it is none of the column's type. */
export type CellReader = (text: string) => CellValue | undefined;

const DOUBLE = /^[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?$/;
const LONG = /^[+-]?[0-9]+$/;
const LARGEST_EXACT = 2n ** 53n - 1n;

/** Reads cells of a type that was learnt from them, so that all of them fit. */
export function learntReader(type: ColumnType): CellReader {
  if (type === "number") return numberOf;
  return type === "boolean" ? booleanOf : (text) => text;
}

/** Reads cells of a type that was named: `007` is 7 where the user says that it is a number. */
export function namedReader(type: NamedType, commaAllowed: boolean): CellReader {
  switch (type) {
    case "double":
      return (text) =>
        DOUBLE.test(text) && (commaAllowed || !text.includes(",")) ? numberOf(text) : undefined;
    case "long":
      return longOf;
    case "boolean":
      return booleanOf;
    case "string":
      return (text) => text;
  }
}

function numberOf(text: string): number {
  return Number(text.replace(",", "."));
}

function longOf(text: string): number | undefined {
  if (!LONG.test(text)) return undefined;
  const value = BigInt(text.replace("+", ""));
  return value <= LARGEST_EXACT && value >= -LARGEST_EXACT ? Number(value) : undefined;
}

function booleanOf(text: string): boolean | undefined {
  if (text === "true") return true;
  return text === "false" ? false : undefined;
}
