/** Of the system's, by LMDB and by Node: EIO, which a write that is cut short comes to, ENOSPC, EROFS, EDQUOT. */
const UNWRITABLE_CODES: ReadonlySet<unknown> = new Set([5, 28, 30, 122, "EIO", "ENOSPC", "EROFS", "EDQUOT"]);
/**
 * Of LMDB's own those that tell of its list of free pages, of pages, or that an environment is done for: MDB_NOTFOUND,
 * MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_PANIC, MDB_BAD_TXN, MDB_BAD_VALSIZE, MDB_PROBLEM; and EINVAL, which all
 * writes come to after its last page could not be written.
 */
const ABORTED_CODES: ReadonlySet<unknown> = new Set([
  -30_798, -30_797, -30_796, -30_795, -30_782, -30_781, -30_779, 22,
]);

/** Whether a transaction, or a file of the view's folder, failed because the disk takes nothing more. */
export function isUnwritable(error: unknown): error is Error {
  return error instanceof Error && UNWRITABLE_CODES.has(codeOf(error));
}

/** Whether LMDB itself gave up a transaction, as where its list of free pages does not add up (hazard L1). */
export function isAbortedByLmdb(error: unknown): error is Error {
  return error instanceof Error && ABORTED_CODES.has(codeOf(error));
}

function codeOf(error: Error): unknown {
  return (error as { code?: unknown }).code;
}
