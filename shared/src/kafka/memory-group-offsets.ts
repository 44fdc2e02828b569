import type { GroupOffsets } from "./group-offsets.js";

/** Committed offsets in memory, for tests. */
export class MemoryGroupOffsets implements GroupOffsets {
  /** Group and topic → partition → offset. */
  readonly #committed = new Map<string, Map<number, number>>();

  commit(group: string, topic: string, partition: number, offset: number): void {
    const place = placeOf(group, topic);
    this.#committed.set(place, new Map(this.#committed.get(place)).set(partition, offset));
  }

  committedOffsets(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return Promise.resolve(this.#committed.get(placeOf(group, topic)) ?? new Map<number, number>());
  }
}

function placeOf(group: string, topic: string): string {
  return JSON.stringify([group, topic]);
}
