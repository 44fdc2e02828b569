import { describe, expect, test } from "@jest/globals";
import avro from "avsc";
import fc from "fast-check";
import {
  AUDIT_ENTRY_SCHEMA,
  AuditEntryEncoder,
  auditEntryKey,
  auditEntryKeyLength,
  auditRecordKind,
  decodeAuditEntry,
  fleetRecordKey,
  isAuditEntryKey,
  schemaCopyKey,
  userInAuditEntryKey,
  writeAuditEntryKey,
  type AuditEntry,
} from "./audit-entry.js";
import { MalformedAvroError } from "./byte-reader.js";
import { bodyOf, EventEncoder } from "./event-encoder.js";
import { evolveEventSchema } from "./event-schema.js";
import { unframe } from "./framing.js";

const entry = fc.record({
  partition: fc.nat(255),
  // The avsc library itself is inexact beyond 2^52.
  offset: fc.integer({ min: 0, max: 2 ** 52 }),
  // Who writes to the topic may set it, to -1 for one.
  appendedAtMs: fc.oneof(fc.nat(4e12), fc.constantFrom(-1, -(2 ** 52))),
  schemaId: fc.nat(),
  event: fc.uint8Array({ maxLength: 400, size: "max" }).map((bytes) => Buffer.from(bytes)),
});
const user = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 });
const eventId = fc.constantFrom("0".repeat(32), "f".repeat(32), "00".repeat(8) + "61".repeat(8));

/** User, partition, offset and event id. */
type Place = Parameters<typeof auditEntryKey>;

function entryAt([about, partition, offset, id]: Place): AuditEntry {
  const head = { eventId: id, user: about, timeStamp: 1, sts: 1, attributes: {} };
  const event = bodyOf(new EventEncoder(evolveEventSchema(undefined, []), 4).encode(head));
  return { partition, offset, appendedAtMs: 3, schemaId: 4, event };
}

describe("an audit entry", () => {
  test("is what the avsc library reads by the registered schema", () => {
    const type = avro.Type.forSchema(JSON.parse(AUDIT_ENTRY_SCHEMA) as avro.Schema);
    fc.assert(
      fc.property(entry, (value) => {
        const encoded = new AuditEntryEncoder(3).encode(value);
        const read = type.fromBuffer(unframe(encoded)?.body as Buffer) as Record<string, unknown>;
        expect([read["partition"], read["offset"], read["appended_at"], read["schema_id"]]).toEqual([
          value.partition,
          value.offset,
          value.appendedAtMs,
          value.schemaId,
        ]);
        expect(value.event.equals(read["event"] as Uint8Array)).toBe(true);
        expect(decodeAuditEntry(encoded)).toEqual(value);
      }),
    );
  });

  test("can be written anywhere, of an event that ends its bytes", () => {
    fc.assert(
      fc.property(entry, fc.nat(3), fc.nat(9), ({ event, ...place }, start, from) => {
        const encoder = new AuditEntryEncoder(3);
        const bytes = Buffer.concat([Buffer.alloc(from, 0xee), event]);
        const target = Buffer.alloc(start + encoder.lengthOf(place, event.length) + 1, 0x2e);
        encoder.write(target, start, place, { bytes, from });
        const expected = [Buffer.alloc(start, 0x2e), encoder.encode({ event, ...place }), Buffer.from(".")];
        expect(target.equals(Buffer.concat(expected))).toBe(true);
      }),
    );
  });

  test("that is cut or not framed is refused", () => {
    const encoded = new AuditEntryEncoder(3).encode({
      partition: 1,
      offset: 2,
      appendedAtMs: 3,
      schemaId: 4,
      event: Buffer.from("abc"),
    });
    for (let length = 0; length < encoded.length; length++) {
      expect(() => decodeAuditEntry(encoded.subarray(0, length))).toThrow(MalformedAvroError);
    }
  });

  test.each([
    { partition: -1 },
    { partition: 2 ** 32 },
    { offset: -1 },
    { offset: -(2 ** 53) + 1 },
    { schemaId: -1 },
    { schemaId: 2 ** 32 },
  ])("of a place or schema that nothing has is refused: %j", (odd) => {
    const place = { partition: 1, offset: 2, appendedAtMs: 3, schemaId: 4, ...odd };
    const encoded = new AuditEntryEncoder(3).encode({ ...place, event: Buffer.from("abc") });
    expect(() => decodeAuditEntry(encoded)).toThrow(MalformedAvroError);
  });

  test("may be of the greatest place and schema that there can be", () => {
    const place = { partition: 2 ** 32 - 1, offset: Number.MAX_SAFE_INTEGER, schemaId: 2 ** 32 - 1 };
    const greatest = { ...place, appendedAtMs: Number.MAX_SAFE_INTEGER, event: Buffer.from("abc") };
    expect(decodeAuditEntry(new AuditEntryEncoder(3).encode(greatest))).toEqual(greatest);
  });
});

describe("the audit's keys", () => {
  test("are injective: two arrivals never share one, whatever their users hold", () => {
    const arrival = fc.tuple(user, fc.nat(3), fc.nat(300), eventId);
    fc.assert(
      fc.property(arrival, arrival, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(auditEntryKey(...a).equals(auditEntryKey(...b))).toBe(same);
      }),
      { numRuns: 2000 },
    );
  });

  test("are user, partition, offset and event id in bytes", () => {
    const key = auditEntryKey("é", 0x01020304, 0x0506, "ab".repeat(16));
    const body = Buffer.concat([Buffer.alloc(5), Buffer.alloc(16, 0xab), Buffer.from("behind")]);
    const place = { partition: 0x01020304, offset: 0x0506 };
    const user = Buffer.from("é");
    const written = Buffer.alloc(auditEntryKeyLength(user.length) + 2, 0x2e);
    writeAuditEntryKey(written, 1, { user, ...place }, { bytes: body, from: 5 });
    expect(written).toEqual(Buffer.concat([Buffer.from("."), key, Buffer.from(".")]));
    expect(key.toString("hex")).toBe("c3a9" + "01020304" + "0000000000000506" + "ab".repeat(16));
  });

  test("are their entry's and no other's, in each of their parts", () => {
    const place = fc.tuple(user, fc.nat(3), fc.maxSafeNat(), eventId);
    fc.assert(
      fc.property(place, place, fc.nat(3), (own, others, part) => {
        const entry = entryAt(own);
        const key = auditEntryKey(...own);
        expect(isAuditEntryKey(key, entry)).toBe(true);
        expect(userInAuditEntryKey(key)).toEqual(Buffer.from(own[0]));
        const other = own.map((value, index) => (index === part ? others[part] : value)) as Place;
        expect(isAuditEntryKey(auditEntryKey(...other), entry)).toBe(other[part] === own[part]);
      }),
      { numRuns: 2000 },
    );
  });

  test("are no entry's whose event is cut short in its user, and cannot be told of one that ends before", () => {
    const place: Place = ["bus", 0, 0, "ab".repeat(16)];
    const { event, ...entry } = entryAt(place);
    const key = auditEntryKey(...place);
    const cutAt = (length: number) => (): boolean =>
      isAuditEntryKey(key, { ...entry, event: event.subarray(0, length) });
    for (let length = 0; length < 17; length++) expect(cutAt(length)).toThrow(MalformedAvroError);
    for (let length = 17; length < 20; length++) expect(cutAt(length)()).toBe(false);
  });

  test("are no entry's whose offset differs past 32 bits, nor where they go on, nor without a user", () => {
    const entry = entryAt(["bus", 0, 5, "ab".repeat(16)]);
    const key = auditEntryKey("bus", 0, 5, "ab".repeat(16));
    expect(isAuditEntryKey(key, { ...entry, offset: 5 + 2 ** 32 })).toBe(false);
    expect(isAuditEntryKey(Buffer.concat([key, Buffer.from([0])]), entry)).toBe(false);
    // A length of -1.
    const event = Buffer.from(entry.event).fill(1, 16, 17);
    expect(isAuditEntryKey(key.subarray(0, auditEntryKeyLength(-1)), { ...entry, event })).toBe(false);
  });

  test("tell entries, schema copies and the fleet record apart, even for a user named like one", () => {
    expect(auditRecordKind(fleetRecordKey())).toEqual({ kind: "fleet" });
    expect(auditRecordKind(schemaCopyKey(4_294_967_295))).toEqual({
      kind: "schema",
      schemaId: 4_294_967_295,
    });
    for (const name of ["fleet", "schema:1"]) {
      expect(auditRecordKind(auditEntryKey(name, 0, 0, "0".repeat(32)))).toEqual({ kind: "entry" });
    }
    expect(auditRecordKind(Buffer.from("other"))).toBeUndefined();
    expect(auditRecordKind(Buffer.from("schema:4294967296"))).toBeUndefined();
  });
});
