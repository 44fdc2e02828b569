// How far each thing grows; the full sizes take hours.

const ARRIVALS = 10;

/**
 * @param {boolean} isFull
 * @returns the views: one more per step in users, in arrivals per user, and users whose arrivals are many and late in
 *   each way, with what it is that `grows`; how many the one user has who is asked about over HTTP; and the drains, by users and by partitions
 */
export function sizesOf(isFull) {
  const users = isFull ? [1000, 10_000, 100_000, 1_000_000, 2_000_000] : [1000, 10_000, 50_000];
  const arrivals = isFull ? [10, 100, 1000, 10_000, 100_000] : [10, 100, 1000, 10_000];
  const total = isFull ? 1_000_000 : 50_000;
  const one = isFull ? 1_000_000 : 100_000;
  const oneInMemory = isFull ? 200_000 : 50_000;
  const view = (grows, count, perUser, { lateness = "hour", store = "lmdb" } = {}) => {
    return { grows, store, users: count, arrivals: count * perUser, lateness };
  };
  const ofOneUser = (count, way) => view("one user", 1, count, way);
  return {
    views: [
      ...users.map((count) => view("users", count, ARRIVALS)),
      ...arrivals.map((perUser) => view("arrivals", Math.max(1, total / perUser), perUser)),
      ofOneUser(one / 10),
      ...["hour", "any", "backlog"].map((lateness) => ofOneUser(one, { lateness })),
      ofOneUser(oneInMemory / 10, { lateness: "any", store: "memory" }),
      ofOneUser(oneInMemory, { lateness: "any", store: "memory" }),
    ],
    oneUserArrivals: one / (isFull ? 1 : 5),
    drainUsers: isFull ? [1000, 10_000, 100_000, 1_000_000] : [1000, 50_000],
    drainPartitions: isFull ? [1, 4, 16, 64] : [1, 64],
  };
}
