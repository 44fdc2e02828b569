/** What a column holds, judged by all its cells; `none` while it has no value. */
export type ColumnType = "number" | "boolean" | "text" | "none";

const NUMBER = /^-?(0|[1-9]\d*)(?<fraction>[.,]\d+)?([eE][+-]?\d+)?$/;
const WHOLE_NUMBER = /^-?\d+$/;
const LARGEST_EXACT = 2n ** 53n - 1n;

/** Learns a column's type cell by cell. */
export class ColumnTypeFinder {
  readonly #commaAllowed: boolean;
  #numbers = true;
  /** Before the fractions seen: a column that has both marks is text. */
  readonly #marks = new Set<string>();
  #booleans = true;
  #empty = true;

  /** @param commaAllowed whether a comma may stand before a fraction */
  constructor(commaAllowed = false) {
    this.#commaAllowed = commaAllowed;
  }

  add(cell: string): void {
    if (cell === "") return;
    this.#empty = false;
    if (this.#numbers) this.#numbers = isNumber(cell) && this.#fitsMarks(cell);
    if (this.#booleans) this.#booleans = cell === "true" || cell === "false";
  }

  #fitsMarks(cell: string): boolean {
    const mark = NUMBER.exec(cell)?.groups?.["fraction"]?.[0];
    if (mark !== undefined) this.#marks.add(mark);
    return this.#marks.has(",") ? this.#commaAllowed && this.#marks.size === 1 : true;
  }

  get type(): ColumnType {
    if (this.#empty) return "none";
    if (this.#numbers) return "number";
    return this.#booleans ? "boolean" : "text";
  }
}

/** Number syntax that a double holds: `007` is text, and so is a whole number that a double would round. */
function isNumber(cell: string): boolean {
  if (!NUMBER.test(cell)) return false;
  if (!WHOLE_NUMBER.test(cell)) return true;
  const value = BigInt(cell);
  return value <= LARGEST_EXACT && value >= -LARGEST_EXACT;
}
