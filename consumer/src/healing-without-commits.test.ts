import { describe, expect, test } from "@jest/globals";
import { auditRecordKind, type Event, type LogRecord } from "@lastknown/shared";
import { eventually } from "./eventually.js";
import {
  applyAll,
  bad,
  doubles,
  eventsOf,
  fleetOf,
  Lines,
  newestTimes,
  recordsOf,
  storedTimes,
  untilHealed,
} from "./healing-for-test.js";
import type { FakeFleet } from "./worker-on-fakes.js";

const COUNT = 20;

/** A fleet that has applied everything, of which only the logs are left. */
async function emptiedFleet(): Promise<{ fleet: FakeFleet; events: Event[] }> {
  const fleet = await fleetOf();
  const events = eventsOf(fleet, COUNT);
  await fleet.produce([bad, ...events.map((event) => fleet.recordOf(event))]);
  await applyAll(fleet);
  fleet.coordinator.notes.clear();
  fleet.coordinator.committed.clear();
  fleet.states.restore(new Map());
  return { fleet, events };
}

/** Gives what its worker tells. */
async function heal(fleet: FakeFleet): Promise<Lines> {
  const lines = new Lines();
  const worker = fleet.worker({ logger: lines.logger });
  await worker.start();
  await Promise.race([untilHealed(lines), worker.ended]);
  await eventually("caught up", () => fleet.isCaughtUp());
  await worker.stop();
  return lines;
}

describe("a partition of which Redis has nothing, and the group no offset of its workers", () => {
  test.each([
    ["has expired", undefined],
    ["was set by a tool", 7],
  ])("is healed where that %s, without a second audit entry or dead letter", async (_how, foreign) => {
    const { fleet, events } = await emptiedFleet();
    if (foreign !== undefined) fleet.coordinator.committed.set(0, foreign);
    const lines = await heal(fleet);
    expect(lines.of("healing begins")).toMatchObject([{ from: 0, to: COUNT + 1, source: "events" }]);
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(await doubles(fleet)).toBe(0);
  });

  test("is healed where an entry of the audit cannot be read", async () => {
    const { fleet, events } = await emptiedFleet();
    const { auditTopic } = fleet.names;
    const isEntry = ({ key }: LogRecord): boolean => auditRecordKind(key as Buffer)?.kind === "entry";
    const { key } = (await recordsOf(fleet, auditTopic)).find(isEntry) as LogRecord;
    await fleet.log.append(auditTopic, [{ partition: 0, key, value: Buffer.from("spoiled") }]);
    await heal(fleet);
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(await doubles(fleet)).toBe(1);
  });

  test("is rebuilt from the audit where the events topic does not reach back", async () => {
    const { fleet, events } = await emptiedFleet();
    fleet.log.truncateBefore(fleet.names.eventsTopic, 0, 15);
    const lines = await heal(fleet);
    expect(lines.of("healing begins")).toMatchObject([{ from: 0, to: COUNT + 1, source: "audit" }]);
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(await doubles(fleet)).toBe(0);
  });

  test("sends the letter that a worker owed when it died after its audit entries", async () => {
    const { fleet, events } = await emptiedFleet();
    const { deadLetterTopic } = fleet.names;
    fleet.log.createTopic(deadLetterTopic, 1);
    await heal(fleet);
    expect(await recordsOf(fleet, deadLetterTopic)).toHaveLength(1);
    expect(storedTimes(fleet)).toEqual(newestTimes(events));
    expect(await doubles(fleet)).toBe(0);
  });
});
