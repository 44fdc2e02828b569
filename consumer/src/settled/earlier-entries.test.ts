import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  AuditEntryEncoder,
  auditEntryKey,
  EventEncoder,
  eventIdOfContent,
  evolveEventSchema,
  MemoryLog,
  schemaCopyKey,
  silentLogger,
  unframe,
  type LogReader,
} from "@lastknown/shared";
import type { SettledBatch } from "../arrivals/partition-batch.js";
import { internalRejection, type RejectionReason } from "../arrivals/rejection.js";
import { Patience } from "../faults/patience.js";
import { BucketProgress } from "./bucket-progress.js";
import { EarlierEntries } from "./earlier-entries.js";

const TOPIC = "audit";
const SCHEMA_ID = 2;
const SCHEMA = evolveEventSchema(undefined, [{ header: "note", type: "string" }]);
const HOUR_MS = 3_600_000;
const never = new AbortController().signal;

describe("the entries of an assignment before", () => {
  let nowMs: number;
  let log: MemoryLog;
  /** Audit offsets from which was read. */
  let reads: number[];
  let earlier: EarlierEntries;

  beforeEach(() => {
    nowMs = 0;
    log = new MemoryLog({ topics: { [TOPIC]: 1 }, now: () => nowMs });
    reads = [];
    const reader: LogReader = {
      read: (topic, partition, offset, limits) => {
        reads.push(offset);
        return log.read(topic, partition, offset, limits);
      },
      readMany: (...args) => log.readMany(...args),
      ends: (topic) => log.ends(topic),
      appendedAt: (...args) => log.appendedAt(...args),
      close: () => log.close(),
    };
    earlier = new EarlierEntries({
      reader,
      progress: new BucketProgress(1),
      eventsTopic: "events",
      auditTopic: TOPIC,
      maxFutureSkew: 300_000_000,
      patience: new Patience({ delayMs: 1, delayMaxMs: 2, logger: silentLogger }),
      logger: silentLogger,
    });
  });

  const copySchema = async (): Promise<void> =>
    await log.append(TOPIC, [
      { partition: 0, key: schemaCopyKey(SCHEMA_ID), value: Buffer.from(SCHEMA.text) },
    ]);

  /** The entry of the record at an offset, with or without its last bytes. */
  const enter = async (offset: number, bytesOff = 0): Promise<void> => {
    const event = {
      user: "a",
      timeStamp: 1,
      sts: 1,
      attributes: {},
      eventId: eventIdOfContent("a", 1, "{}"),
    };
    const body = unframe(new EventEncoder(SCHEMA, SCHEMA_ID).encode(event))?.body as Buffer;
    const value = new AuditEntryEncoder(1).encode({
      partition: 0,
      offset,
      appendedAtMs: nowMs,
      schemaId: SCHEMA_ID,
      event: body.subarray(0, body.length - bytesOff),
    });
    await log.append(TOPIC, [{ partition: 0, key: auditEntryKey("a", 0, offset, event.eventId), value }]);
  };

  const batchOf = (offset: number, reason: RejectionReason = "internal"): SettledBatch => {
    const record = { offset, appendedAtMs: nowMs, key: Buffer.from("a"), value: null, headers: {} };
    const rejection = { ...internalRejection(0, record, "as another version judges"), reason };
    return {
      partition: 0,
      nextOffset: offset + 1,
      arrivals: [],
      reapplied: [],
      rejections: [rejection],
      states: new Map(),
    };
  };

  test("are looked for from when the record was appended, and its state is made of what is found", async () => {
    await copySchema();
    for (let offset = 0; offset < 50; offset++) {
      nowMs += HOUR_MS;
      if (offset === 49) await copySchema();
      await enter(offset);
    }
    const recalled = await earlier.recall(batchOf(49), never);
    expect(recalled.rejections).toEqual([]);
    expect([...recalled.states.values()].flat()).toMatchObject([
      { user: "a", source: { topic: "events", partition: 0, offset: 49 } },
    ]);
    expect(reads).toEqual([50]);
  });

  test("are looked for once, as no later record is among them", async () => {
    await copySchema();
    for (const offset of [5, 6]) await enter(offset);
    expect((await earlier.recall(batchOf(4), never)).rejections).toHaveLength(1);
    expect((await earlier.recall(batchOf(6), never)).rejections).toEqual([]);
    const before = reads.length;
    for (const offset of [7, 8]) {
      expect((await earlier.recall(batchOf(offset), never)).rejections).toHaveLength(1);
      await enter(offset + 10);
    }
    expect(reads).toHaveLength(before);
  });

  test("are not looked for where the rejection follows from the record's bytes", async () => {
    await earlier.recall(batchOf(0, "not_framed"), never);
    expect(reads).toEqual([]);
  });

  test("do not keep a letter from a record whose entry cannot be read", async () => {
    await copySchema();
    await enter(0, 1);
    await enter(1);
    expect((await earlier.recall(batchOf(0), never)).rejections).toHaveLength(1);
    expect((await earlier.recall(batchOf(1), never)).rejections).toEqual([]);
  });
});
