import { beforeAll, describe, expect, test } from "@jest/globals";
import {
  auditEntryKey,
  bufferOf,
  decodeAuditEntry,
  EARLIEST_MICROS,
  EventEncoder,
  eventIdOfContent,
  evolveEventSchema,
  LATEST_MICROS,
  partitionOf,
  type Event,
  type LogRecord,
} from "@lastknown/shared";
import { isFinal, type PartlyRead, type RejectionReason } from "../arrivals/rejection.js";
import { EventJudge } from "./event-judge.js";
import type { WriterSchema } from "./writer-schemas.js";

const PARTITIONS = 4;
const SCHEMA = evolveEventSchema(undefined, [{ header: "speed", type: "double" }]);
const OTHER_SCHEMA = evolveEventSchema(SCHEMA, [{ header: "note", type: "string" }]);
const SCHEMAS = new Map<number, WriterSchema>([
  [7, { kind: "known", text: SCHEMA.text, schema: SCHEMA }],
  [8, { kind: "unknown", error: "the registry has no schema with id 8" }],
  [9, { kind: "wrong-head", error: "field 1 is not event_id" }],
]);
const encoder = new EventEncoder(SCHEMA, 7);
const judge = new EventJudge({ partitions: PARTITIONS, maxFutureSkew: 0, auditSchemaId: 3 });

function eventOf(changes: Partial<Event> = {}): Event {
  const event = { user: "bus", timeStamp: 1000, sts: 2000, attributes: { speed: 1.5 }, ...changes };
  return { eventId: eventIdOfContent(event.user, event.timeStamp, "{}"), ...event };
}

function recordOf(changes: Partial<LogRecord> = {}): LogRecord {
  return {
    offset: 41,
    appendedAtMs: 1_700_000_000_000,
    key: Buffer.from("bus"),
    value: encoder.encode(eventOf()),
    headers: {},
    ...changes,
  };
}

function judged({ partition, ...changes }: Changes, schemas = SCHEMAS) {
  const record = recordOf(changes);
  return judge.judge(partition ?? partitionOf(record.key ?? Buffer.from("bus"), PARTITIONS), record, schemas);
}

/** What is other than in a valid record; the partition is the key's unless given. */
type Changes = Partial<LogRecord> & { partition?: number };

describe("an event judge", () => {
  let valid: Buffer;
  beforeAll(() => {
    valid = encoder.encode(eventOf());
  });

  test("enters no number that is not exact: it would be read as another", () => {
    expect(() => judged({ appendedAtMs: 2 ** 62 })).toThrow("not a safe integer");
  });

  test("makes an audit entry of an event, a pure function of the record", () => {
    const arrival = judged({});
    if (arrival.kind !== "arrival") throw new Error(arrival.error);
    const { attributes, ...head } = eventOf();
    expect(arrival.event).toMatchObject(head);
    expect(arrival.event.attributes).toEqual(attributes);
    expect(arrival.order).toMatchObject({ orderTime: 1000, sts: 2000 });
    expect(decodeAuditEntry(bufferOf(arrival.auditRecord.value!))).toEqual({
      partition: arrival.partition,
      offset: 41,
      appendedAtMs: 1_700_000_000_000,
      schemaId: 7,
      event: valid.subarray(5),
    });
    const again = judged({});
    if (again.kind !== "arrival") throw new Error(again.error);
    expect(again).toEqual(arrival);
    for (const { auditRecord, event, partition } of [arrival, again]) {
      const key = auditEntryKey(event.user, partition, 41, event.eventId);
      expect(bufferOf(auditRecord.key!)).toEqual(key);
      expect(bufferOf(auditRecord.value!)).toEqual(bufferOf(arrival.auditRecord.value!));
    }
  });

  test.each<[string, () => Changes]>([
    ["null_key", () => ({ key: null })],
    ["invalid_utf8", () => ({ key: Buffer.from([0x62, 0xff]) })],
    ["illegal_user", () => ({ key: Buffer.from("") })],
    ["illegal_user", () => ({ key: Buffer.from("a\0b") })],
    ["illegal_user", () => ({ key: Buffer.from("é".repeat(129)) })],
    ["illegal_user", () => ({ key: Buffer.from("a".repeat(257)) })],
    [
      "wrong_partition",
      () => ({ partition: (partitionOf(Buffer.from("bus"), PARTITIONS) + 1) % PARTITIONS }),
    ],
    ["not_framed", () => ({ value: null })],
    ["not_framed", () => ({ value: Buffer.alloc(0) })],
    ["not_framed", () => ({ value: Buffer.from('{"user":"bus"}') })],
    ["unknown_schema", () => ({ value: withSchema(valid, 8) })],
    ["wrong_head", () => ({ value: withSchema(valid, 9) })],
    ["malformed_value", () => ({ value: valid.subarray(0, -1) })],
    ["malformed_value", () => ({ value: Buffer.concat([valid, Buffer.from([0])]) })],
    ["malformed_value", () => ({ value: valid.subarray(0, 5) })],
    ["key_mismatch", () => ({ value: encoder.encode(eventOf({ user: "tram" })) })],
    ["illegal_time", () => ({ value: encoder.encode(eventOf({ timeStamp: EARLIEST_MICROS - 1 })) })],
    ["illegal_time", () => ({ value: encoder.encode(eventOf({ sts: LATEST_MICROS + 1 })) })],
  ])("rejects with %s what is no event (%#)", (reason, changes) => {
    const rejection = judged(changes());
    expect(rejection).toMatchObject({ kind: "rejected", reason });
    expect(judged(changes())).toEqual(rejection);
  });

  test.each<[RejectionReason, () => Changes, PartlyRead]>([
    ["wrong_partition", () => ({ partition: 99 }), { user: "bus" }],
    ["not_framed", () => ({ value: null }), { user: "bus" }],
    ["unknown_schema", () => ({ value: withSchema(valid, 8) }), { user: "bus", schemaId: 8 }],
    ["wrong_head", () => ({ value: withSchema(valid, 9) }), { user: "bus", schemaId: 9 }],
    ["malformed_value", () => ({ value: valid.subarray(0, -1) }), { user: "bus", schemaId: 7 }],
    [
      "key_mismatch",
      () => ({ key: Buffer.from("é"), value: encoder.encode(eventOf({ user: "è" })) }),
      {
        user: "è",
        eventId: eventOf({ user: "è" }).eventId,
        timeStamp: 1000,
        sts: 2000,
        schemaId: 7,
      },
    ],
  ])("tells of what is rejected with %s what could be read (%#)", (reason, changes, read) => {
    expect(judged(changes())).toMatchObject({ reason });
    expect(judged(changes())).toHaveProperty("read", read);
  });

  test.each(["a".repeat(256), "é".repeat(128), "🚌"])("takes the id %s", (user) => {
    const arrival = judged({ key: Buffer.from(user), value: encoder.encode(eventOf({ user })) });
    expect(arrival.kind === "arrival" && arrival.event.user).toBe(user);
  });

  test.each<[RejectionReason, () => Buffer]>([
    ["unknown_schema", () => withSchema(valid, 8)],
    ["wrong_head", () => withSchema(valid, 9)],
    ["malformed_value", () => new EventEncoder(OTHER_SCHEMA, 7).encode(eventOf())],
  ])("does not call %s final: with another schema behind its id the record is an event", (reason, value) => {
    expect(judged({ value: value() })).toMatchObject({ kind: "rejected", reason });
    const other: WriterSchema = {
      kind: "known",
      text: OTHER_SCHEMA.text,
      schema: reason === "malformed_value" ? OTHER_SCHEMA : SCHEMA,
    };
    const others = new Map([7, 8, 9].map((id) => [id, other]));
    expect(judged({ value: value() }, others).kind).toBe("arrival");
    expect(isFinal(reason)).toBe(false);
  });

  test.each<RejectionReason>(["too_large", "internal"])(
    "does not call %s final: it hangs on more than the record",
    (reason) => {
      expect(isFinal(reason)).toBe(false);
    },
  );

  test("takes the first and the last legal time, and a U+FFFD that is really in the key", () => {
    const user = "bus \ufffd";
    const value = encoder.encode(eventOf({ user, timeStamp: EARLIEST_MICROS, sts: LATEST_MICROS }));
    expect(judged({ key: Buffer.from(user), value }).kind).toBe("arrival");
  });
});

function withSchema(value: Buffer, schemaId: number): Buffer {
  const changed = Buffer.from(value);
  changed.writeUInt32BE(schemaId, 1);
  return changed;
}
