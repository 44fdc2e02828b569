import type { CommittedOffset, GroupOffsets } from "./group-offsets.js";

/** Committed offsets in memory, for tests. */
export class MemoryGroupOffsets implements GroupOffsets {
  /** Group and topic → partition → what was committed. */
  readonly #committed = new Map<string, Map<number, CommittedOffset>>();

  commit(group: string, topic: string, partition: number, committed: CommittedOffset): void {
    const place = placeOf(group, topic);
    this.#committed.set(place, new Map(this.#committed.get(place)).set(partition, committed));
  }

  committed(group: string, topic: string): Promise<ReadonlyMap<number, CommittedOffset>> {
    const committed = [...(this.#committed.get(placeOf(group, topic)) ?? [])];
    return Promise.resolve(new Map(committed.filter(([, { offset }]) => offset >= 0)));
  }
}

function placeOf(group: string, topic: string): string {
  return JSON.stringify([group, topic]);
}
