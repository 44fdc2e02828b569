/** One cell's value. An empty cell is absent: absent and null mean the same, so null never occurs. */
export type AttributeValue = string | number | boolean;

/** A row's columns other than user and times, by their original header. No prototype: a header may be any text. */
export type Attributes = { readonly [header: string]: AttributeValue };

/** An empty set of attributes, to be filled while one is read. */
export function emptyAttributes(): Record<string, AttributeValue> {
  return new Bare();
}

/**
 * Makes objects that inherit nothing, as their prototype is empty and has none itself. V8 gives those of one shape one
 * layout; what `Object.create(null)` makes is a dictionary each, of several times the size.
 */
const Bare = function () {
  // What an object has is put into it by who fills it.
} as unknown as new () => Record<string, AttributeValue>;
Bare.prototype = Object.create(null);

/** Compares by Unicode code point. `<` on strings compares UTF-16 units, which puts U+FFxx after emoji. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const unitOfA = a.charCodeAt(index);
    const unitOfB = b.charCodeAt(index);
    if (unitOfA === unitOfB) continue;
    // A surrogate stands for a code point above every unit that is none.
    const surrogateA = (unitOfA & 0xf800) === 0xd800;
    const surrogateB = (unitOfB & 0xf800) === 0xd800;
    if (surrogateA !== surrogateB) return surrogateA ? 1 : -1;
    return unitOfA - unitOfB;
  }
  return a.length - b.length;
}

/**
 * The same attributes with their keys in one order, so that every store's answer shows them alike. It is the
 * canonical one as far as an object can have it: keys that are whole numbers always come first.
 */
export function inCanonicalOrder(attributes: Attributes): Attributes {
  const ordered = emptyAttributes();
  for (const header of Object.keys(attributes).sort(compareCodePoints)) {
    ordered[header] = attributes[header] as AttributeValue;
  }
  return ordered;
}

/**
 * The canonical JSON of a set of attributes: keys sorted by code point, shortest round-trip numbers, no white
 * space, absent cells (undefined or null) left out. Equal sets give equal bytes, whatever order they came in.
 */
export function canonicalJson(attributes: Attributes): string {
  let members = "";
  for (const { header, name } of shapeOf(Object.keys(attributes)).members) {
    const value = attributes[header];
    if (value === undefined || value === null) continue;
    members += `${members === "" ? "" : ","}${name}:${jsonOf(value)}`;
  }
  return `{${members}}`;
}

/** As JSON.stringify, whose call costs more than what is mostly to be done. */
function jsonOf(value: AttributeValue): string {
  if (typeof value === "string") return NEEDS_NO_ESCAPE.test(value) ? `"${value}"` : JSON.stringify(value);
  return typeof value === "number" && !Number.isFinite(value) ? "null" : String(value);
}

/** Printable ASCII but the quote and the backslash. */
const NEEDS_NO_ESCAPE = /^[ !#-[\]-~]*$/;

/** Keys as an object gives them, and as they are written: sorted, and each as JSON. */
interface Shape {
  readonly keys: readonly string[];
  readonly members: readonly { readonly header: string; readonly name: string }[];
}

/** The last one seen: the rows of a file have the same headers, one after the other. */
let lastShape: Shape = { keys: [], members: [] };

function shapeOf(keys: readonly string[]): Shape {
  const { keys: before } = lastShape;
  if (before.length === keys.length && keys.every((key, index) => key === before[index])) return lastShape;
  const sorted = keys.toSorted(compareCodePoints);
  lastShape = { keys, members: sorted.map((header) => ({ header, name: JSON.stringify(header) })) };
  return lastShape;
}
