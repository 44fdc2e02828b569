import { expect, test } from "@jest/globals";
import { fleetNames, MemoryGroupOffsets, MemoryLog, silentLogger, type LogReader } from "@lastknown/shared";
import { until } from "../memory-service-for-test.js";
import { LogTracker } from "./log-tracker.js";

const names = fleetNames("test");

test("a worker that gets on during a look makes the lag too great rather than too small", async () => {
  const log = new MemoryLog({ topics: { [names.eventsTopic]: 1, [names.auditTopic]: 1 } });
  const groupOffsets = new MemoryGroupOffsets();
  const produce = (): Promise<unknown> =>
    log.append(names.eventsTopic, [{ partition: 0, key: null, value: Buffer.from("x") }]);
  const commit = (offset: number): void =>
    groupOffsets.commit(names.workerGroup, names.eventsTopic, 0, { offset, note: '{"fleet":"f1"}' });
  await produce();
  commit(0);
  const tracker = new LogTracker({
    names,
    reader: log,
    groupOffsets: {
      membership: (...group) => groupOffsets.membership(...group),
      // While the coordinator answers another record comes, and both are done just after it has told.
      committed: async (...group) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await produce();
        const committed = await groupOffsets.committed(...group);
        commit(2);
        return committed;
      },
    },
    fleetId: () => "f1",
    logger: silentLogger,
  });
  await tracker.poll();
  expect(tracker.positions?.commits?.get(0)?.offset).toBe(0);
  expect(tracker.positions?.events.get(0)?.end).toBe(2);
  await tracker.stop();
});

test("the ends of both topics are asked for at once", async () => {
  const log = new MemoryLog({ topics: { [names.eventsTopic]: 1, [names.auditTopic]: 1 } });
  const both = gate();
  let asked = 0;
  const reader: LogReader = Object.assign(Object.create(log) as LogReader, {
    ends: async (topic: string) => {
      if (++asked === 2) both.open();
      await both.opened;
      return await log.ends(topic);
    },
  });
  const tracker = trackerOf(reader);
  await tracker.poll();
  expect(tracker.positions?.events.get(0)?.end).toBe(0);
});

test("what was seen some seconds ago is told only to who says so, and only until a look fails", async () => {
  const log = new MemoryLog({ topics: { [names.eventsTopic]: 1, [names.auditTopic]: 1 } });
  const clock = { nowMs: 0 };
  let answer = (): Promise<void> => Promise.resolve();
  const reader: LogReader = Object.assign(Object.create(log) as LogReader, {
    ends: async (topic: string) => {
      await answer();
      return await log.ends(topic);
    },
  });
  const tracker = trackerOf(reader, () => clock.nowMs);
  const { lately } = tracker;
  const known = (): readonly boolean[] => [tracker.positions !== undefined, lately.positions !== undefined];
  const becomes = (first: boolean, second: boolean): Promise<unknown> =>
    until(
      () => Promise.resolve(known()),
      ([strict, late]) => strict === first && late === second,
    );
  tracker.start();
  await becomes(true, true);
  const slow = gate();
  let isAsked = false;
  answer = () => {
    isAsked = true;
    return slow.opened;
  };
  await until(
    () => Promise.resolve(isAsked),
    (is) => is,
  );
  clock.nowMs += 1001;
  expect(known()).toEqual([false, true]);
  clock.nowMs += 4000;
  expect(known()).toEqual([false, false]);
  clock.nowMs -= 3000;
  answer = () => Promise.reject(new Error("away"));
  slow.open();
  await becomes(false, false);
  answer = () => Promise.resolve();
  await becomes(true, true);
  await tracker.stop();
});

function trackerOf(reader: LogReader, monotonicMs?: () => number): LogTracker {
  const groupOffsets = new MemoryGroupOffsets();
  const clock = monotonicMs === undefined ? {} : { monotonicMs };
  const fleetId = () => "f1";
  return new LogTracker({
    names,
    reader,
    groupOffsets,
    fleetId,
    logger: silentLogger,
    pollIntervalMs: 5,
    ...clock,
  });
}

/** Something that others wait for. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}
