import type { AttributeValue, ColumnType } from "@lastknown/shared";
import type { Problem } from "../csv/rejection.js";
import { shown } from "../rows/time-reader.js";
import { COMMA, NUMBER, numberForm, PADDED } from "./number-form.js";

export interface TypedColumn {
  readonly header: string;
  readonly type: ColumnType;
}

/**
 * One cell's value by its column's type, or why it has none. The cell is not empty.
 *
 * A named type takes more than an inferred one: `007` is 7 where the user says that it is a number.
 */
export function readCell(cell: string, column: TypedColumn, commaAllowed: boolean): AttributeValue | Problem {
  switch (column.type) {
    case "string":
      return cell;
    case "boolean":
      return cell === "true" || cell === "false" ? cell === "true" : misfit(cell, column);
    case "long": {
      const isInteger = (numberForm(cell) & ~PADDED) === NUMBER;
      const value = isInteger ? Number(cell) : Number.NaN;
      return Number.isSafeInteger(value) ? value + 0 : misfit(cell, column);
    }
    case "double":
      return readDouble(cell, column, commaAllowed);
  }
}

function readDouble(cell: string, column: TypedColumn, commaAllowed: boolean): number | Problem {
  const form = numberForm(cell);
  const hasComma = (form & COMMA) !== 0;
  if ((form & NUMBER) === 0 || (hasComma && !commaAllowed)) return misfit(cell, column);
  const value = Number(hasComma ? cell.replace(",", ".") : cell);
  // Adding 0 makes the negative zero a zero: JSON cannot tell them apart.
  if (Number.isFinite(value)) return value + 0;
  const detail = `column ${JSON.stringify(column.header)} holds ${shown(cell)}, which is past the largest number`;
  return { reason: "not-finite", detail };
}

function misfit(cell: string, { header, type }: TypedColumn): Problem {
  return {
    reason: "type",
    detail: `column ${JSON.stringify(header)} holds ${shown(cell)}, which is no ${type}`,
  };
}
