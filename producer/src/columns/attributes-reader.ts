import {
  compareCodePoints,
  emptyAttributes,
  type Attributes,
  type AttributeValue,
  type ColumnType,
} from "@lastknown/shared";
import type { Problem } from "../csv/rejection.js";
import type { ColumnMapping } from "./column-mapping.js";
import { readCell } from "./cell-reader.js";

export interface RowAttributes {
  readonly attributes: Attributes;
  /** Canonical JSON of the attributes that belong to the observation's identity. */
  readonly identityJson: string;
}

interface ReadColumn {
  readonly header: string;
  readonly type: ColumnType;
  readonly index: number;
  /** The column's name as it stands in the canonical JSON, with its colon; undefined: no part of the identity. */
  readonly identityKey: string | undefined;
}

/** Reads the attributes of rows by the types of their columns. A column without a type has no values. */
export class AttributesReader {
  /** In the order of the canonical JSON, so that it is written as the cells are read. */
  readonly #columns: readonly ReadColumn[];
  readonly #commaAllowed: boolean;

  constructor(mapping: ColumnMapping, types: ReadonlyMap<string, ColumnType>, commaAllowed: boolean) {
    this.#commaAllowed = commaAllowed;
    this.#columns = mapping.attributes
      .flatMap((index): ReadColumn[] => {
        const header = mapping.header[index] as string;
        const type = types.get(header);
        if (type === undefined) return [];
        const identityKey = mapping.notIdentity.has(index) ? undefined : `${JSON.stringify(header)}:`;
        return [{ header, type, index, identityKey }];
      })
      .sort((a, b) => compareCodePoints(a.header, b.header));
  }

  read(cells: readonly string[]): RowAttributes | Problem {
    const attributes = emptyAttributes();
    let identity = "";
    for (const column of this.#columns) {
      const cell = cells[column.index] as string;
      if (cell === "") continue;
      const value = readCell(cell, column, this.#commaAllowed);
      if (typeof value === "object") return value;
      attributes[column.header] = value;
      if (column.identityKey === undefined) continue;
      identity += (identity === "" ? "" : ",") + column.identityKey + jsonOf(value);
    }
    return { attributes, identityJson: `{${identity}}` };
  }
}

/** Text of printable ASCII without quote and backslash is its own JSON. */
const PLAIN_TEXT = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

function jsonOf(value: AttributeValue): string {
  if (typeof value !== "string") return String(value);
  return PLAIN_TEXT.test(value) ? `"${value}"` : JSON.stringify(value);
}
