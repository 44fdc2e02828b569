import { describe, expect, test } from "@jest/globals";
import { auditEntryKey, fleetRecordKey } from "../avro/audit-entry.js";
import { FatalError } from "../errors/index.js";
import { MemoryLog } from "../kafka/memory-log.js";
import { establishFleet, verifyFleet, type FleetShape } from "./fleet-record-copies.js";
import { newFleetRecord, printFleetRecord } from "./fleet-record.js";
import { MemoryFleetRecordCell } from "./memory-fleet-record-cell.js";
import { fleetNames } from "./names.js";

const names = fleetNames("f");
const shape: FleetShape = { partitions: 4, maxFutureSkew: 300 };

function emptyStores() {
  const log = new MemoryLog({ topics: { [names.auditTopic]: 4 } });
  return { names, reader: log, appender: log, redis: new MemoryFleetRecordCell() };
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FatalError)) throw new Error(`not a FatalError: ${String(error)}`);
  return `${error.message}: ${error.fix}`;
}

describe("establishFleet", () => {
  test("writes one record into every audit partition and Redis, and nothing when run again", async () => {
    const stores = emptyStores();
    const record = await establishFleet(stores, shape);
    const ends = await stores.reader.ends(names.auditTopic);
    expect([...ends.values()].map(({ end }) => end)).toEqual([1, 1, 1, 1]);
    expect(await stores.redis.read()).toBe(printFleetRecord(record));

    expect(await establishFleet(stores, shape)).toEqual(record);
    expect(await stores.reader.ends(names.auditTopic)).toEqual(ends);
    expect(await verifyFleet(stores, shape)).toEqual(record);
  });

  test("makes one fleet where several run at once", async () => {
    const stores = emptyStores();
    const records = await Promise.all(Array.from({ length: 5 }, () => establishFleet(stores, shape)));
    expect(new Set(records.map(({ id }) => id)).size).toBe(1);
    expect(await verifyFleet(stores, shape)).toEqual(records[0]);
  });

  test("goes on where it was stopped halfway", async () => {
    const stores = emptyStores();
    const record = newFleetRecord(shape.partitions, shape.maxFutureSkew);
    const value = Buffer.from(printFleetRecord(record));
    await stores.appender.append(names.auditTopic, [{ partition: 2, key: fleetRecordKey(), value }]);
    expect(await establishFleet(stores, shape)).toEqual(record);
    expect(await verifyFleet(stores, shape)).toEqual(record);
  });

  test("finds the record behind an entry that was there before", async () => {
    const stores = emptyStores();
    const entry = { partition: 0, key: auditEntryKey("u", 0, 0, "0".repeat(32)), value: Buffer.from("x") };
    await stores.appender.append(names.auditTopic, [entry]);
    const record = await establishFleet(stores, shape);
    expect(await verifyFleet(stores, shape)).toEqual(record);
  });

  test("finds the record far behind the beginning, where it was written anew after that was gone", async () => {
    const stores = emptyStores();
    const value = Buffer.alloc(1_000);
    const entries = Array.from({ length: 200 }, (_, offset) => {
      return { partition: 1, key: auditEntryKey("u", 1, offset, "0".repeat(32)), value };
    });
    await stores.appender.append(names.auditTopic, entries);
    const record = await establishFleet(stores, shape);
    expect(await verifyFleet(stores, shape)).toEqual(record);
    const ends = await stores.reader.ends(names.auditTopic);
    expect(await establishFleet(stores, shape)).toEqual(record);
    expect(await stores.reader.ends(names.auditTopic)).toEqual(ends);
  });

  test("refuses a Redis that is left over from topics that are gone", async () => {
    const stores = {
      ...emptyStores(),
      redis: new MemoryFleetRecordCell(printFleetRecord(newFleetRecord(4, 300))),
    };
    expect(await messageOf(establishFleet(stores, shape))).toMatch(
      /Redis holds fleet .* but topic f.audit is new/,
    );
  });

  test.each<[string, FleetShape]>([
    ["16 partitions here and 4 there", { ...shape, partitions: 16 }],
    ["max_future_skew Infinity", { ...shape, maxFutureSkew: Infinity }],
  ])("refuses other constants: %s", async (text, other) => {
    const stores = emptyStores();
    await establishFleet(stores, shape);
    expect(await messageOf(establishFleet(stores, other))).toContain(text);
    expect(await messageOf(verifyFleet(stores, other))).toContain(text);
  });
});

describe("verifyFleet", () => {
  test("refuses topics without a record and names the command that writes it", async () => {
    expect(await messageOf(verifyFleet(emptyStores(), shape))).toContain("run lastknown topics --fleet f");
  });

  test("refuses another fleet's Redis and names both ids", async () => {
    const stores = emptyStores();
    const record = await establishFleet(stores, shape);
    const other = newFleetRecord(4, 300);
    const redis = new MemoryFleetRecordCell(printFleetRecord(other));
    expect(await messageOf(verifyFleet({ ...stores, redis }, shape))).toContain(
      `${record.id} here and ${other.id} there`,
    );
  });

  test("refuses an audit whose partitions belong to two fleets", async () => {
    const stores = emptyStores();
    const key = fleetRecordKey();
    for (const partition of [0, 1, 2, 3]) {
      const value = Buffer.from(printFleetRecord(newFleetRecord(4, 300)));
      await stores.appender.append(names.auditTopic, [{ partition, key, value }]);
    }
    expect(await messageOf(verifyFleet(stores, shape))).toContain(
      "f.audit partition 1 belongs to another fleet",
    );
  });

  test("takes a Redis that lost its copy: an emptied node is healed, not refused", async () => {
    const stores = emptyStores();
    const record = await establishFleet(stores, shape);
    expect(await verifyFleet({ ...stores, redis: new MemoryFleetRecordCell() }, shape)).toEqual(record);
  });
});
