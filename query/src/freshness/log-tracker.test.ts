import { expect, test } from "@jest/globals";
import { fleetNames, MemoryGroupOffsets, MemoryLog, silentLogger } from "@lastknown/shared";
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
