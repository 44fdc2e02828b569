/** Of the system's: EIO, which a write that is cut short comes to, ENOSPC, EROFS, EDQUOT. */
const UNWRITABLE_CODES: ReadonlySet<unknown> = new Set([5, 28, 30, 122]);
/** LMDB's own, from MDB_KEYEXIST to MDB_PROBLEM and what its Node binding adds. */
const LMDB_CODE_MIN = -30_799;
const LMDB_CODE_MAX = -30_770;

/** Whether a transaction failed because the disk takes nothing more. */
export function isUnwritable(error: unknown): error is Error {
  return error instanceof Error && UNWRITABLE_CODES.has(codeOf(error));
}

/** Whether LMDB itself gave up a transaction, as where its list of free pages does not add up (hazard L1). */
export function isAbortedByLmdb(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  return typeof code === "number" && code >= LMDB_CODE_MIN && code <= LMDB_CODE_MAX;
}

function codeOf(error: Error): unknown {
  return (error as { code?: unknown }).code;
}
