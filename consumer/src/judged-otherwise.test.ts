import { expect, test } from "@jest/globals";
import {
  auditRecordKind,
  bucketOf,
  decodeAuditEntry,
  decodeEventHead,
  printTime,
  type LogRecord,
} from "@lastknown/shared";
import fc from "fast-check";
import { internalRejection } from "./arrivals/rejection.js";
import { CrashingServers } from "./crashing-servers.js";
import { eventually } from "./eventually.js";
import { eventsOf, fleetOf, Lines, recordsOf, storedTimes } from "./healing-for-test.js";
import type { EventJudge } from "./pipeline/event-judge.js";
import { StatesUnavailableError, type StateStore } from "./states/state-store.js";
import type { FakeFleet, Replacements } from "./worker-on-fakes.js";

/** As another version of the worker, which fails on some records. */
function rejecting(offsets: readonly number[]): Replacements {
  return {
    judge: (judge) => ({
      judge: (...[partition, record, schemas]: Parameters<EventJudge["judge"]>) =>
        offsets.includes(record.offset)
          ? internalRejection(partition, record, "as another version judges")
          : judge.judge(partition, record, schemas),
    }),
  };
}

function isEntry({ key }: LogRecord): boolean {
  return key !== null && auditRecordKind(key)?.kind === "entry";
}

/** User → time of the newest event in the audit. */
async function auditedTimes(fleet: FakeFleet): Promise<Record<string, string>> {
  const newest: Record<string, number> = {};
  for (const { value } of (await recordsOf(fleet, fleet.names.auditTopic)).filter(isEntry)) {
    const { user, timeStamp } = decodeEventHead(decodeAuditEntry(value as Buffer).event);
    newest[user] = Math.max(timeStamp, newest[user] ?? -Infinity);
  }
  return Object.fromEntries(Object.entries(newest).map(([user, time]) => [user, printTime(time)]));
}

test("a record that is in the audit when its worker dies, and would be rejected by the next one, is applied as it stands there", async () => {
  const fleet = await fleetOf();
  const events = eventsOf(fleet, 3);
  await fleet.produce(events.map((event) => fleet.recordOf(event)));
  const apply: StateStore["apply"] = async (updates) => {
    if (updates.some(({ states }) => states.length > 0)) throw new StatesUnavailableError("away");
    return await fleet.states.apply(updates);
  };
  const first = fleet.worker({ states: fleet.storeWith(apply), settings: { drainDeadlineMs: 200 } });
  await first.start();
  const { auditTopic, deadLetterTopic } = fleet.names;
  const entered = async () => (await recordsOf(fleet, auditTopic)).filter(isEntry).length;
  await eventually("entered", async () => (await entered()) === 3);
  await first.stop();
  expect(fleet.coordinator.committed.get(0) ?? 0).toBe(0);

  const lines = new Lines();
  const second = fleet.worker({ logger: lines.logger, ...rejecting([1]) });
  await second.start();
  await eventually("caught up", () => fleet.isCaughtUp());
  await second.stop();
  expect(await recordsOf(fleet, deadLetterTopic)).toEqual([]);
  expect(Object.fromEntries(storedTimes(fleet))).toEqual(await auditedTimes(fleet));
  expect(storedTimes(fleet).size).toBe(3);
  expect(lines.of("a record that is in the audit would be rejected now")).toMatchObject([
    { partition: 0, offset: 1, reason: "internal" },
  ]);
});

test("whatever each of many lives judges of a record, Redis has in the end what the audit has", async () => {
  const offset = fc.nat(29);
  const life = fc.record({
    rejects: fc.array(offset, { maxLength: 3 }),
    callsUntilCrash: fc.integer({ min: 1, max: 12 }),
    loses: fc.option(fc.nat(4)),
  });
  const runs = fc.record({
    lives: fc.array(life, { minLength: 1, maxLength: 5 }),
    rejectsInTheEnd: fc.array(offset, { maxLength: 2 }),
    batchRecordsMax: fc.integer({ min: 1, max: 10 }),
  });
  await fc.assert(
    fc.asyncProperty(runs, async ({ lives, rejectsInTheEnd, batchRecordsMax }) => {
      const fleet = await fleetOf();
      const settings = { batchRecordsMax };
      await fleet.produce(eventsOf(fleet, 30).map((event) => fleet.recordOf(event)));
      for (const { rejects, callsUntilCrash, loses } of lives) {
        const servers = new CrashingServers(fleet, callsUntilCrash);
        const worker = fleet.worker({ ...servers.replacements, ...rejecting(rejects), settings });
        await worker.start();
        const caughtUp = eventually("caught up", () => fleet.isCaughtUp(), 200);
        await Promise.allSettled([Promise.race([worker.ended, caughtUp])]);
        await servers.crash(worker);
        if (loses !== null) fleet.states.lose(bucketOf(Buffer.from(`user ${loses}`)));
      }
      const worker = fleet.worker({ ...rejecting(rejectsInTheEnd), settings });
      await worker.start();
      const isRight = async (): Promise<boolean> => {
        const [stored, audited] = [Object.fromEntries(storedTimes(fleet)), await auditedTimes(fleet)];
        return (await fleet.isCaughtUp()) && JSON.stringify(stored) === JSON.stringify(sorted(audited));
      };
      await Promise.race([eventually("as the audit has it", isRight, 5000), worker.ended]);
      await worker.stop();
      expect(Object.fromEntries(storedTimes(fleet))).toEqual(await auditedTimes(fleet));
    }),
    { numRuns: 40 },
  );
}, 120_000);

function sorted(times: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(times).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
