import { createHash } from "node:crypto";

/** The cursor is none of ours, or belongs to another question. */
export class InvalidCursorError extends Error {
  override readonly name = "InvalidCursorError";

  constructor(reason: string, options?: ErrorOptions) {
    super(`cursor ${reason}`, options);
  }
}

/** This replica has not yet folded all that was there when the first page was answered. */
export class ViewBehindCursorError extends Error {
  override readonly name = "ViewBehindCursorError";

  constructor() {
    super("this replica has not yet got to where the first page was answered");
  }
}

/** Where a list goes on, and how far the view had got when its first page was answered. */
export interface Cursor<Place> {
  /** Where to go on; each list knows whether this is its first element left or its last one given. */
  readonly next: Place;
  /** Source ends of the partitions that the list is drawn from, at the first page. */
  readonly ends: readonly number[];
}

const NOT_OURS = "is none that this service gave";
/** A base64url text of more would not fit into a request line beside an id. */
const CURSOR_LENGTH_MAX = 8000;

/** Prints a cursor that only the same question accepts. Opaque: its form is nobody's business but this file's. */
export function printCursor(question: readonly unknown[], cursor: Cursor<string | number>): string {
  const content = [fingerprintOf(question), cursor.next, ...cursor.ends];
  return Buffer.from(JSON.stringify(content)).toString("base64url");
}

/** Reads what printCursor wrote for this question. Throws InvalidCursorError. */
export function parseCursor<Place extends string | number>(
  text: string,
  question: readonly unknown[],
  isPlace: (place: unknown) => place is Place,
): Cursor<Place> {
  const [fingerprint, next, ...ends] = contentOf(text);
  if (!isPlace(next) || !ends.every(isOffset)) throw new InvalidCursorError(NOT_OURS);
  if (fingerprint !== fingerprintOf(question)) throw new InvalidCursorError("belongs to another question");
  const cursor = { next, ends };
  // One text per cursor: what decodes to the same by leniency of base64 or JSON is not ours.
  if (printCursor(question, cursor) !== text) throw new InvalidCursorError(NOT_OURS);
  return cursor;
}

export function isOffset(place: unknown): place is number {
  return Number.isSafeInteger(place) && (place as number) >= 0;
}

function contentOf(text: string): unknown[] {
  try {
    const content: unknown =
      text.length > CURSOR_LENGTH_MAX ? null : JSON.parse(Buffer.from(text, "base64url").toString());
    if (Array.isArray(content)) return content;
  } catch (cause) {
    throw new InvalidCursorError(NOT_OURS, { cause });
  }
  throw new InvalidCursorError(NOT_OURS);
}

function fingerprintOf(question: readonly unknown[]): string {
  const known = question.map((part) => part ?? null);
  return createHash("sha256").update(JSON.stringify(known)).digest("base64url").slice(0, 12);
}
