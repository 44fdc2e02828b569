export interface TableColumn {
  readonly title: string;
  /** Numbers stand right. */
  readonly align?: "left" | "right";
}

const GAP = "  ";

/** Lines of a table whose columns are as wide as their widest cell; the last one is not padded. */
export function tableLines(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string[] {
  const titles = columns.map((column) => column.title);
  const widths = columns.map((_, index) =>
    Math.max(...[titles, ...rows].map((row) => widthOf(row[index] ?? ""))),
  );
  return [titles, ...rows].map((row) =>
    columns
      .map((column, index) => padded(row[index] ?? "", widths[index] ?? 0, column.align ?? "left"))
      .join(GAP)
      .trimEnd(),
  );
}

/** In characters: a name with emoji or accents is not wider than it looks, as far as code points tell. */
function widthOf(text: string): number {
  return Array.from(text).length;
}

function padded(text: string, width: number, align: "left" | "right"): string {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "right" ? space + text : text + space;
}

// Control characters, line separators and marks that turn the direction: all that could disturb a terminal.
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The text with what could disturb a terminal written as `\u000a`: user ids and headers may hold anything. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** At most `length` characters, the last one an ellipsis where some were left out. */
export function shortened(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, Math.max(0, length - 1)).join("")}…`;
}
