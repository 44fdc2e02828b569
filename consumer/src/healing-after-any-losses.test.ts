import { expect, test } from "@jest/globals";
import { bucketOf, partitionOf, printTime, type Event } from "@lastknown/shared";
import fc from "fast-check";
import { eventually } from "./eventually.js";
import { bad, doubles, eventsOf, fleetOf, newestTimes, slowly, storedTimes } from "./healing-for-test.js";
import type { FakeFleet } from "./worker-on-fakes.js";

/** Users of whom the store has less than their bucket's progress tells. */
function understated(fleet: FakeFleet, events: readonly Event[]): string[] {
  const progress = fleet.states.progressOfAll();
  const states = fleet.states.states();
  // The first record of partition 0 is a bad one.
  const ends = [1, 0];
  return events.flatMap(({ user, timeStamp }) => {
    const key = Buffer.from(user);
    const partition = partitionOf(key, fleet.partitions);
    const offset = (ends[partition] as number)++;
    const isApplied = offset < (progress.get(bucketOf(key)) ?? 0);
    return isApplied && (states.get(user)?.timeStamp ?? "") < printTime(timeStamp) ? [user] : [];
  });
}

test("whatever Redis loses while workers come and go, it never has less than its progress tells, its states are right in the end and the audit has no doubles", async () => {
  const loss = fc.record({
    kind: fc.constantFrom("bucket", "all", "restored", "rebalance", "retention"),
    user: fc.nat(4),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const runs = fc.record({
    count: fc.integer({ min: 1, max: 60 }),
    losses: fc.array(loss, { minLength: 1, maxLength: 8 }),
    batchRecordsMax: fc.integer({ min: 1, max: 10 }),
    workers: fc.integer({ min: 1, max: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(runs, async ({ count, losses, batchRecordsMax, workers }) => {
      const fleet = await fleetOf(2);
      const events = eventsOf(fleet, count);
      await fleet.produce([bad, ...events.map((event) => fleet.recordOf(event))]);
      const { eventsTopic, auditTopic } = fleet.names;
      const lacking: string[] = [];
      const states = fleet.storeWith(async (updates) => {
        const outcomes = await fleet.states.apply(updates);
        lacking.push(...understated(fleet, events));
        return outcomes;
      });
      const reader = slowly(fleet, auditTopic, () => undefined);
      const running = Array.from({ length: workers }, () =>
        fleet.worker({ settings: { batchRecordsMax }, reader, states }),
      );
      for (const worker of running) await worker.start();
      await eventually("caught up", () => fleet.isCaughtUp());
      const ended = Promise.race(running.map((worker) => worker.ended));
      let dump = fleet.states.dump();
      for (const { kind, user, share } of losses) {
        if (kind === "bucket") fleet.states.lose(bucketOf(Buffer.from(`user ${user}`)));
        if (kind === "all") fleet.states.restore(new Map());
        if (kind === "restored") fleet.states.restore(dump);
        if (kind === "rebalance") fleet.coordinator.rebalance();
        if (kind === "retention") {
          for (const [partition, { end }] of await fleet.log.ends(eventsTopic))
            fleet.log.truncateBefore(eventsTopic, partition, Math.floor(end * share));
        }
        await new Promise((resolve) => setTimeout(resolve, share * 10));
        if (share < 0.2) dump = fleet.states.dump();
      }
      const expected = newestTimes(events);
      const isRight = (): boolean =>
        JSON.stringify([...storedTimes(fleet)]) === JSON.stringify([...expected]);
      await Promise.race([eventually("right", isRight, 5000), ended]);
      await Promise.all(running.map((worker) => worker.stop()));
      expect(storedTimes(fleet)).toEqual(expected);
      expect(lacking).toEqual([]);
      expect(await doubles(fleet)).toBe(0);
    }),
    { numRuns: 15 },
  );
}, 120_000);
