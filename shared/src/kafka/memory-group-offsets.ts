import type { CommittedOffset, GroupMember, GroupMembership, GroupOffsets } from "./group-offsets.js";

/** Committed offsets in memory, for tests. */
export class MemoryGroupOffsets implements GroupOffsets {
  /** Group and topic → partition → what was committed. */
  readonly #committed = new Map<string, Map<number, CommittedOffset>>();
  readonly #members = new Map<string, GroupMember[]>();
  isRebalancing = false;

  commit(group: string, topic: string, partition: number, committed: CommittedOffset): void {
    const place = placeOf(group, topic);
    this.#committed.set(place, new Map(this.#committed.get(place)).set(partition, committed));
  }

  join(group: string, topic: string, ...members: readonly GroupMember[]): void {
    this.#members.set(placeOf(group, topic), [...members]);
  }

  membership(group: string, topic: string): Promise<GroupMembership> {
    const members = this.#members.get(placeOf(group, topic)) ?? [];
    return Promise.resolve({ isRebalancing: this.isRebalancing, members });
  }

  committed(group: string, topic: string): Promise<ReadonlyMap<number, CommittedOffset>> {
    return Promise.resolve(this.#committed.get(placeOf(group, topic)) ?? new Map<number, CommittedOffset>());
  }
}

function placeOf(group: string, topic: string): string {
  return JSON.stringify([group, topic]);
}
