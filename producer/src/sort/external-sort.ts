import { EntryArena } from "./entry-arena.js";
import { mergeCursors } from "./merge.js";
import { RunFile } from "./run-file.js";
import type { SortCursor, SortEntry } from "./sort-entry.js";

/** What rows may take in memory before they are spilled, unless told otherwise. */
export const DEFAULT_SORT_MEMORY_BYTES = 64 * 1024 * 1024;
/** The memory is taken in pages that are small against it, so that it fills with entries and not with one page. */
const PAGES_MIN = 16;
const PAGE_BYTES_MAX = 1024 * 1024;
/** So many runs of one level become one of the next, which bounds the open files to this times the levels. */
const MERGE_WIDTH = 32;

export interface ExternalSortOptions {
  readonly memoryBytesMax?: number | undefined;
  /** For the spilled runs; the system's temporary directory unless given. */
  readonly directory?: string | undefined;
  readonly mergeWidth?: number | undefined;
}

/**
 * Orders any number of entries by `sts`, then line, in bounded memory: what does not fit is spilled as ordered
 * runs and merged while it is read. Entries are added in ascending order of line.
 */
export class ExternalSort {
  readonly #memoryBytesMax: number;
  readonly #directory: string | undefined;
  readonly #mergeWidth: number;
  readonly #arena: EntryArena;
  /** Runs by level: a run of level n was merged from runs of level n − 1. */
  readonly #levels: RunFile[][] = [];
  #spilledBytes = 0;

  constructor(options: ExternalSortOptions = {}) {
    this.#memoryBytesMax = options.memoryBytesMax ?? DEFAULT_SORT_MEMORY_BYTES;
    this.#arena = new EntryArena(Math.min(PAGE_BYTES_MAX, Math.floor(this.#memoryBytesMax / PAGES_MIN)));
    this.#directory = options.directory;
    this.#mergeWidth = options.mergeWidth ?? MERGE_WIDTH;
  }

  /** Bytes written to disk so far, later merges included. */
  get spilledBytes(): number {
    return this.#spilledBytes;
  }

  add(entry: SortEntry): void {
    this.#arena.add(entry);
    if (this.#arena.bytes < this.#memoryBytesMax) return;
    this.#spill(this.#arena.cursor(), 0);
    this.#arena.clear();
  }

  /** All entries in order, from the first. May be asked again, for another turn; not while entries are added. */
  cursor(): SortCursor {
    const runs = this.#levels.flat();
    return mergeCursors([...runs.map((run) => run.cursor()), this.#arena.cursor()]);
  }

  /** Frees memory and disk. */
  close(): void {
    for (const run of this.#levels.flat()) run.close();
    this.#levels.length = 0;
    this.#arena.clear();
  }

  #spill(cursor: SortCursor, level: number): void {
    const run = new RunFile(this.#directory);
    const runs = (this.#levels[level] ??= []);
    runs.push(run);
    for (let entry = cursor.current; entry !== undefined; entry = cursor.current) {
      run.append(entry);
      cursor.advance();
    }
    run.finish();
    this.#spilledBytes += run.bytes;
    if (runs.length < this.#mergeWidth) return;
    this.#levels[level] = [];
    try {
      this.#spill(mergeCursors(runs.map((merged) => merged.cursor())), level + 1);
    } finally {
      for (const merged of runs) merged.close();
    }
  }
}
