import { describe, expect, test } from "@jest/globals";
import avro from "avsc";
import fc from "fast-check";
import type { AttributeValue } from "../domain/attributes.js";
import { MalformedAvroError } from "./byte-reader.js";
import { decodeEvent, decodeEventHead, readEvent, type ComparedEvent } from "./event-decoder.js";
import { bodyOf, EventEncoder } from "./event-encoder.js";
import { evolveEventSchema, type ColumnType, type EventSchema } from "./event-schema.js";
import { unframe } from "./framing.js";
import { parseEventSchema } from "./parse-event-schema.js";

const COLUMNS: { header: string; type: ColumnType }[] = [
  { header: "speed", type: "double" },
  { header: "battery (%)", type: "double" },
  { header: "ticks", type: "long" },
  { header: "ignition", type: "boolean" },
  { header: "note", type: "string" },
];
const schema = evolveEventSchema(undefined, COLUMNS);

// The avsc library itself is inexact beyond ±2^52; byte-codec.test.ts judges the rest of the range.
const safeInteger = fc.oneof(
  fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  fc.constantFrom(0, -1, 63, 64, -64, -65, 2 ** 31, -(2 ** 31), 2 ** 52, -(2 ** 52)),
);
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const text = fc.string({ unit: "grapheme" });
const attributes = fc.record(
  { speed: finite, "battery (%)": finite, ticks: safeInteger, ignition: fc.boolean(), note: text },
  { requiredKeys: [] },
);
const event = fc.record({
  eventId: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("hex")),
  user: fc.string({ unit: "grapheme", minLength: 1 }),
  timeStamp: safeInteger,
  sts: safeInteger,
  attributes: attributes as fc.Arbitrary<Record<string, AttributeValue>>,
});

/** The same schema read by the avsc library, which judges both directions of our codec. */
function avscType(of: EventSchema): avro.Type {
  return avro.Type.forSchema(JSON.parse(of.text) as avro.Schema, { wrapUnions: false });
}

function encode(of: EventSchema, value: Parameters<EventEncoder["encode"]>[0]): Buffer {
  return new EventEncoder(of, 7).encode(value);
}

/** What it reads, or what it says of why not. */
function outcomeOf(read: typeof decodeEvent, body: Buffer): unknown {
  try {
    const { eventId, user, timeStamp, sts, attributes: all } = read(schema, body);
    return { eventId, user, timeStamp, sts, attributes: all };
  } catch (error) {
    if (error instanceof MalformedAvroError) return error.message;
    throw error;
  }
}

describe("the event codec", () => {
  test("reads the same, and refuses the same, where id, user and attributes are read when they are asked for", () => {
    const damage = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(3) });
    fc.assert(
      fc.property(event, fc.option(damage), fc.boolean(), fc.nat(6), (value, damaged, isAbout, before) => {
        const body = Buffer.from(bodyOf(encode(schema, value)));
        if (damaged !== null) body[damaged.at % body.length] = damaged.byte;
        const bytes = body.subarray(0, body.length - (damaged?.cut ?? 0));
        const expected = Buffer.from(isAbout ? value.user : "another");
        const framed = Buffer.concat([Buffer.alloc(before), bytes]);
        const read = (): ComparedEvent => readEvent(schema, framed, before, expected);
        const outcome = outcomeOf(decodeEvent, bytes);
        expect(outcomeOf(read, bytes)).toEqual(outcome);
        if (typeof outcome !== "string")
          expect(read().isAboutExpected).toBe(decodeEvent(schema, bytes).user === expected.toString());
      }),
      { numRuns: 2000 },
    );
  });

  test("writes what the avsc library reads", () => {
    const type = avscType(schema);
    fc.assert(
      fc.property(event, (value) => {
        const framed = unframe(encode(schema, value));
        expect(framed?.schemaId).toBe(7);
        const read = type.fromBuffer(framed?.body as Buffer) as Record<string, unknown>;
        expect(Buffer.from(read["event_id"] as Uint8Array).toString("hex")).toBe(value.eventId);
        expect([read["user"], read["time_stamp"], read["sts"]]).toEqual([
          value.user,
          value.timeStamp,
          value.sts,
        ]);
        for (const { header, field } of schema.columns)
          expect(read[field] ?? undefined).toEqual(value.attributes[header]);
      }),
    );
  });

  test("reads what the avsc library writes", () => {
    const type = avscType(schema);
    fc.assert(
      fc.property(event, (value) => {
        const written = type.toBuffer({
          event_id: Buffer.from(value.eventId, "hex"),
          user: value.user,
          time_stamp: value.timeStamp,
          sts: value.sts,
          ...Object.fromEntries(schema.columns.map((c) => [c.field, value.attributes[c.header] ?? null])),
        });
        const read = decodeEvent(parseEventSchema(schema.text), written);
        expect({ ...read, attributes: { ...read.attributes } }).toEqual(value);
        expect(decodeEventHead(written)).toEqual({
          eventId: value.eventId,
          user: value.user,
          timeStamp: value.timeStamp,
          sts: value.sts,
        });
      }),
    );
  });

  test("refuses a body that is cut anywhere, or goes on after its end", () => {
    fc.assert(
      fc.property(event, fc.nat(), (value, at) => {
        const body = bodyOf(encode(schema, value));
        expect(() => decodeEvent(schema, body.subarray(0, at % body.length))).toThrow(MalformedAvroError);
        expect(() => decodeEvent(schema, Buffer.concat([body, Buffer.from([0])]))).toThrow(
          MalformedAvroError,
        );
      }),
    );
  });

  test("never throws anything but MalformedAvroError at random bytes, and never reads outside them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          decodeEvent(schema, Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedAvroError);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test("refuses text that is not UTF-8, and takes a real U+FFFD", () => {
    const value = { eventId: "0".repeat(32), user: "ab", timeStamp: 0, sts: 0, attributes: {} };
    const body = Buffer.from(bodyOf(encode(schema, value)));
    body[17] = 0xff;
    expect(() => decodeEventHead(body)).toThrow("a text is not valid UTF-8");
    expect(decodeEventHead(bodyOf(encode(schema, { ...value, user: "\ufffd" }))).user).toBe("\ufffd");
  });

  test("takes integers up to ±(2^53-1) and refuses those that a JavaScript number would change", () => {
    for (const ticks of [2 ** 53 - 1, -(2 ** 53 - 1)]) {
      const value = { eventId: "0".repeat(32), user: "a", timeStamp: 0, sts: 0, attributes: { ticks } };
      expect(decodeEvent(schema, bodyOf(encode(schema, value))).attributes["ticks"]).toBe(ticks);
      expect(() => encode(schema, { ...value, attributes: { ticks: ticks * 2 } })).toThrow(RangeError);
    }
    const head = Buffer.concat([Buffer.alloc(16), Buffer.from([2, 0x61])]);
    // 2^53, then an eleventh byte of a varint that never ends.
    const tooLarge = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);
    expect(() => decodeEventHead(Buffer.concat([head, tooLarge]))).toThrow("beyond ±(2^53-1)");
    expect(() => decodeEventHead(Buffer.concat([head, Buffer.alloc(11, 0x80)]))).toThrow(
      "longer than ten bytes",
    );
  });

  test("refuses to write a number that is not finite", () => {
    const value = {
      eventId: "0".repeat(32),
      user: "a",
      timeStamp: 0,
      sts: 0,
      attributes: { speed: Infinity },
    };
    expect(() => encode(schema, value)).toThrow(RangeError);
  });
});
