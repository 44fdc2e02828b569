import { compareEntries, type SortCursor, type SortEntry } from "./sort-entry.js";

/** Several ordered cursors as one, by a binary heap of their current entries. */
export function mergeCursors(cursors: readonly SortCursor[]): SortCursor {
  const heap = cursors.filter((cursor) => cursor.current !== undefined);
  if (heap.length === 1) return heap[0] as SortCursor;
  for (let index = heap.length >> 1; index >= 0; index--) sink(heap, index);
  return {
    get current() {
      return heap[0]?.current;
    },
    advance: () => {
      const top = heap[0];
      if (top === undefined) return;
      top.advance();
      if (top.current === undefined) {
        const last = heap.pop() as SortCursor;
        if (heap.length > 0) heap[0] = last;
      }
      sink(heap, 0);
    },
  };
}

/** Moves the cursor at `index` down until none below it comes first. */
function sink(heap: SortCursor[], index: number): void {
  for (let parent = index; ;) {
    const left = 2 * parent + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const first = right < heap.length && comesFirst(heap, right, left) ? right : left;
    if (!comesFirst(heap, first, parent)) return;
    const held = heap[parent] as SortCursor;
    heap[parent] = heap[first] as SortCursor;
    heap[first] = held;
    parent = first;
  }
}

function comesFirst(heap: readonly SortCursor[], a: number, b: number): boolean {
  return compareEntries(heap[a]?.current as SortEntry, heap[b]?.current as SortEntry) < 0;
}
