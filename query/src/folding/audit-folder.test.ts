import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  AuditEntryEncoder,
  auditEntryKey,
  decodeAuditEntry,
  decodeEventHead,
  fleetNames,
  MemoryLog,
  newFleetRecord,
  partitionOf,
  printFleetRecord,
  schemaCopyKey,
  silentLogger,
  type EntryPlace,
  type LogRecord,
} from "@lastknown/shared";
import { FleetForTest } from "../fleet-for-test.js";
import { MemoryViewStore } from "../view/memory/memory-view-store.js";
import { AuditFolder } from "./audit-folder.js";
import { readAuditRecord, type AuditRecord, type UnreadableReason } from "./read-audit-record.js";

const names = fleetNames("fold");

describe("folding the audit", () => {
  let log: MemoryLog;
  let fleet: FleetForTest;
  let store: MemoryViewStore;
  let folder: AuditFolder;
  let reasons: UnreadableReason[];
  let records: LogRecord[];

  beforeEach(async () => {
    log = new MemoryLog({ topics: { [names.eventsTopic]: 1, [names.auditTopic]: 1 } });
    fleet = new FleetForTest({ fleet: "fold", appender: log, partitions: 1 });
    store = new MemoryViewStore();
    reasons = [];
    folder = new AuditFolder({
      store,
      fleet: fleet.record,
      auditTopic: names.auditTopic,
      observer: {
        folded: () => undefined,
        unreadable: (reason) => reasons.push(reason),
        failed: () => undefined,
      },
      logger: silentLogger,
    });
    await fleet.establish();
    await fleet.publishAndAudit([{ user: "bus", timeStamp: 5, sts: 5 }]);
    records = [...(await log.read(names.auditTopic, 0, 0, { bytesMax: 1e6, waitMs: 0 })).records];
  });

  const changed = (change: Partial<LogRecord>): LogRecord => ({ ...(records[2] as LogRecord), ...change });
  const entry = (): Buffer => records[2]?.value as Buffer;

  test("takes in entries, schema copies and our fleet record", () => {
    folder.fold([{ partition: 0, records, nextOffset: 3 }]);
    expect(store.position(0)).toEqual({ nextOffset: 3, sourceEnd: 1 });
    expect([...store.users(undefined)]).toEqual(["bus"]);
    expect(folder.unreadableRecords).toBe(0);
  });

  test("takes in an entry whose schema's copy compaction has moved behind it", () => {
    folder.fold([{ partition: 0, records: [...records].reverse(), nextOffset: 3 }]);
    expect(folder.unreadableRecords).toBe(0);
    expect(store.arrival("bus", 0)?.order.timeStamp).toBe(5);
  });

  test("takes in an entry whose append time is before 1970, as who writes may set it", async () => {
    const [published] = await fleet.publishAndAudit([
      { user: "bus", timeStamp: 6, sts: 6, appendedAtMs: -1 },
    ]);
    records = [...(await log.read(names.auditTopic, 0, 0, { bytesMax: 1e6, waitMs: 0 })).records];
    folder.fold([{ partition: 0, records, nextOffset: 4 }]);
    expect(folder.unreadableRecords).toBe(0);
    expect(store.arrival("bus", published?.offset as number)?.appendedAtMs).toBe(-1);
  });

  test.each<[string, UnreadableReason, () => LogRecord]>([
    ["without a key", "key", () => changed({ key: null })],
    ["with a user alone as its key", "key", () => changed({ key: Buffer.from("bus") })],
    ["without a value", "value", () => changed({ value: null })],
    ["cut short", "event", () => changed({ value: entry().subarray(0, -3) })],
    ["that goes on", "event", () => changed({ value: Buffer.concat([entry(), Buffer.from([0])]) })],
    ["without framing", "event", () => changed({ value: Buffer.from("text") })],
    ["of an offset below 0", "event", () => changed({ value: entryOf({ offset: -1 }) })],
    ["of a schema id below 0", "event", () => changed({ value: entryOf({ schemaId: -1 }) })],
    ["of a schema id that has no room", "event", () => changed({ value: entryOf({ schemaId: 2 ** 32 }) })],
    [
      "that is a copy of a schema whose id has no room",
      "key",
      () => changed({ key: schemaCopyKey(2 ** 32), value: records[1]?.value as Buffer }),
    ],
    [
      "with another arrival's key",
      "place",
      () => changed({ key: auditEntryKey("bus", 0, 9, "0".repeat(32)) }),
    ],
    ["of another partition", "place", () => changed({ value: entryOf({ partition: 1 }) })],
    [
      "that is a schema's copy but no schema",
      "schema",
      () => changed({ key: schemaCopyKey(99), value: Buffer.from("{}") }),
    ],
    [
      "that is another text of a schema",
      "schema",
      () => changed({ key: records[1]?.key as Buffer, value: otherSchema() }),
    ],
    [
      "that is a fleet record but not readable",
      "fleet",
      () => changed({ key: records[0]?.key as Buffer, value: Buffer.from("{}") }),
    ],
  ])("leaves out a record %s, says so and goes on", (_how, reason, make) => {
    folder.fold([{ partition: 0, records: records.slice(0, 2), nextOffset: 2 }]);
    folder.fold([{ partition: 0, records: [make(), records[2] as LogRecord], nextOffset: 4 }]);
    expect(reasons).toEqual([reason]);
    expect(folder.unreadableRecords).toBe(1);
    expect(store.position(0)).toEqual({ nextOffset: 4, sourceEnd: 1 });
    expect([...store.bySource("bus", 0)]).toHaveLength(1);
  });

  test("leaves out another text of a schema that comes in the same batch as the first", () => {
    const other = changed({ key: records[1]?.key as Buffer, value: otherSchema() });
    folder.fold([
      { partition: 0, records: [...records.slice(0, 2), other, records[2] as LogRecord], nextOffset: 4 },
    ]);
    expect(reasons).toEqual(["schema"]);
  });

  test("leaves out an entry in a partition to which its user does not belong", () => {
    const { eventId } = decodeEventHead(decodeAuditEntry(entry()).event);
    const context = {
      fleet: newFleetRecord(2, fleet.record.maxFutureSkew),
      schemas: { byId: () => undefined },
    };
    const readIn = (partition: number): AuditRecord => {
      const key = auditEntryKey("bus", partition, 0, eventId);
      return readAuditRecord(context, partition, changed({ key, value: entryOf({ partition }) }));
    };
    const right = partitionOf(Buffer.from("bus"), 2);
    expect(readIn(right)).toMatchObject({ kind: "arrival" });
    expect(readIn(1 - right)).toMatchObject({ kind: "unreadable", reason: "place" });
  });

  test("ends at another fleet's record", () => {
    const value = Buffer.from(printFleetRecord(newFleetRecord(1, 0)));
    expect(() =>
      folder.fold([
        { partition: 0, records: [changed({ key: records[0]?.key as Buffer, value })], nextOffset: 1 },
      ]),
    ).toThrow("another fleet");
  });

  /** The entry that is there, with something else in its place. */
  function entryOf(odd: Partial<EntryPlace>): Buffer {
    return new AuditEntryEncoder(1).encode({ ...decodeAuditEntry(entry()), ...odd });
  }

  function otherSchema(): Buffer {
    return Buffer.from(String(records[1]?.value).replace('"letter"', '"other"'));
  }
});
