import { expect, test } from "@jest/globals";
import { describeLog, record, readAll } from "./log.contract.js";
import { MemoryLog } from "./memory-log.js";

describeLog("MemoryLog", async () => {
  const recordBytesMax = 100_000;
  const log = new MemoryLog({ topics: { events: 4 }, recordBytesMax });
  return {
    reader: log,
    appender: log,
    topic: "events",
    partitions: 4,
    recordBytesMax,
    openTransaction: async (within) => {
      const transaction = log.openTransaction("events", within.partition);
      await log.append("events", [within]);
      return async () => transaction.end();
    },
    truncateBefore: async (partition, offset) => log.truncateBefore("events", partition, offset),
    close: () => log.close(),
  };
});

test("compaction keeps the last record of each key where it stands", async () => {
  const log = new MemoryLog({ topics: { audit: 1 } });
  await log.append("audit", [
    record(0, "a", "1"),
    record(0, "b", "2"),
    record(0, "a", "3"),
    record(0, "c", "4"),
  ]);
  log.compact("audit");
  const records = await readAll({ reader: log, topic: "audit" }, 0);
  expect(records.map(({ offset, value }) => [offset, String(value)])).toEqual([
    [1, "2"],
    [2, "3"],
    [3, "4"],
  ]);
});

test("fails each call while it is unavailable", async () => {
  const log = new MemoryLog({ topics: { audit: 1 } });
  log.unavailable = true;
  await expect(log.append("audit", [record(0, "a", "1")])).rejects.toMatchObject({
    name: "KafkaUnavailableError",
  });
  await expect(log.ends("audit")).rejects.toMatchObject({ name: "KafkaUnavailableError" });
  log.unavailable = false;
  await log.append("audit", [record(0, "a", "1")]);
});
