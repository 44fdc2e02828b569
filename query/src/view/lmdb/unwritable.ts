import { ViewUnwritableError } from "../view-store.js";

/** Of the system's: EIO, which a write that is cut short comes to, ENOSPC, EROFS, EDQUOT. */
const UNWRITABLE_CODES: ReadonlySet<unknown> = new Set([5, 28, 30, 122]);

/** What a failed transaction threw, told as a view that cannot be written where that is why. */
export function translateWriteError(error: unknown): unknown {
  const isUnwritable = error instanceof Error && UNWRITABLE_CODES.has((error as { code?: unknown }).code);
  return isUnwritable ? new ViewUnwritableError(error) : error;
}
