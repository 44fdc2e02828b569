interface Mark {
  readonly committed: number;
  readonly auditEnd: number;
}

const MARKS_MAX = 100;

/**
 * What the workers' commits tell about the view of one partition. All source records below a committed offset are
 * in the audit or dead-lettered; so a view that is past where the audit ended after that commit was seen lacks
 * none of them.
 */
export class FoldMarks {
  /** Ascending in both. */
  readonly #marks: Mark[] = [];

  /** `auditEnd` must have been looked up after `committed`. */
  add(committed: number, auditEnd: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && committed <= last.committed) return;
    this.#marks.push({ committed, auditEnd });
    // The second goes, not the first: a view that waits far behind still passes the first.
    if (this.#marks.length > MARKS_MAX) this.#marks.splice(1, 1);
  }

  /** The greatest committed offset below which a view at this audit offset lacks nothing; 0 if none is known. */
  completeBelow(auditOffset: number): number {
    let passed = 0;
    while (this.#marks[passed] !== undefined && (this.#marks[passed] as Mark).auditEnd <= auditOffset)
      passed++;
    if (passed > 1) this.#marks.splice(0, passed - 1);
    return passed === 0 ? 0 : (this.#marks[0] as Mark).committed;
  }
}
