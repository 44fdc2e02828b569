import { partitionOf } from "../oracle/index.js";

const WATCHED_USERS_PER_PARTITION = 10;

/** Those that readers look at all the time: the first of these, as many of each partition. */
export function watchedUsers(users: readonly string[], partitions: number): string[] {
  const watched = new Map<number, string[]>();
  for (const user of users) {
    const partition = partitionOf(user, partitions);
    const own = watched.get(partition) ?? [];
    if (own.length < WATCHED_USERS_PER_PARTITION) watched.set(partition, [...own, user]);
  }
  return [...watched.values()].flat();
}
