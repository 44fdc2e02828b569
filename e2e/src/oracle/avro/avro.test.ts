import { describe, expect, it } from "@jest/globals";
import { AvroBytes } from "./avro-bytes.js";
import { EventReader } from "./event-value.js";
import { readFramed } from "./framed.js";
import { readAuditRecord } from "./audit-record.js";

const bytesOf = (hex: string): AvroBytes => new AvroBytes(Buffer.from(hex.replaceAll(" ", ""), "hex"));

describe("AvroBytes", () => {
  // The first five are the table of the Avro specification.
  it.each([
    ["00", 0n],
    ["01", -1n],
    ["02", 1n],
    ["7f", -64n],
    ["8001", 64n],
    ["feffffffffffffffff01", 2n ** 63n - 1n],
    ["ffffffffffffffffff01", -(2n ** 63n)],
  ])("reads the long %s as %s", (hex, expected) => {
    expect(bytesOf(hex).long()).toBe(expected);
  });

  it("reads text, doubles and booleans", () => {
    expect(bytesOf("06 66 6f 6f").string()).toBe("foo");
    expect(bytesOf("00 00 00 00 00 00 f8 3f").double()).toBe(1.5);
    expect([bytesOf("00").boolean(), bytesOf("01").boolean()]).toEqual([false, true]);
  });

  it("refuses what ends too early, is no UTF-8, or does not end", () => {
    expect(() => bytesOf("06 66 6f").string()).toThrow("too early");
    expect(() => bytesOf("01").string()).toThrow("too early");
    expect(() => bytesOf("02 ff").string()).toThrow("not UTF-8");
    expect(() => bytesOf("ff".repeat(10)).long()).toThrow("does not end");
    expect(() => bytesOf("02").boolean()).toThrow("neither");
  });
});

describe("EventReader", () => {
  const head = [
    { name: "event_id", type: { type: "fixed", name: "EventId", size: 16 } },
    { name: "user", type: "string" },
    { name: "time_stamp", type: { type: "long", logicalType: "timestamp-micros" } },
    { name: "sts", type: { type: "long", logicalType: "timestamp-micros" } },
  ];
  const columns = [
    { name: "z", type: ["null", "double"] },
    { name: "_", type: ["string", "null"], header: "ä %" },
    { name: "n", type: ["null", { type: "boolean" }] },
  ];
  const schema = JSON.stringify({ type: "record", name: "Event", fields: [...head, ...columns] });
  const body = Buffer.from(
    `${"ab".repeat(16)}0275 0103 02000000000000f83f 000478790201`.replaceAll(" ", ""),
    "hex",
  );

  it("reads the head and the columns under their headers, by hand-written bytes", () => {
    expect(new EventReader(schema).read(body)).toEqual({
      eventId: "ab".repeat(16),
      user: "u",
      timeStamp: -1n,
      sts: -2n,
      attributes: '{"n":true,"z":1.5,"ä %":"xy"}',
    });
  });

  it("refuses bytes after the end, and a schema without the head", () => {
    expect(() => new EventReader(schema).read(Buffer.concat([body, Buffer.from([0])]))).toThrow("go on");
    expect(() => new EventReader(JSON.stringify({ fields: columns }))).toThrow("head");
  });
});

describe("readAuditRecord", () => {
  it("reads key and value, by hand-written bytes", () => {
    const key = Buffer.from(`6175${"00000003"}${"0000000100000002"}${"cd".repeat(16)}`, "hex");
    // The frame, then 3, 2^32 + 2, 5, 7 and two bytes.
    const value = Buffer.from("0000000009 06 8480808020 0a 0e 04 beef".replaceAll(" ", ""), "hex");
    expect(readAuditRecord(key, value)).toEqual({
      kind: "entry",
      entry: {
        user: "au",
        eventId: "cd".repeat(16),
        keyPartition: 3,
        keyOffset: 2 ** 32 + 2,
        partition: 3,
        offset: 2 ** 32 + 2,
        appendedAtMs: 5,
        schemaId: 7,
        event: Buffer.from("beef", "hex"),
      },
    });
  });

  it("tells the fleet record and a schema's copy by their keys", () => {
    expect(readAuditRecord(Buffer.from("fleet"), Buffer.from("{}"))).toEqual({ kind: "fleet", text: "{}" });
    const copy = readAuditRecord(Buffer.from("schema:12"), Buffer.from("text"));
    expect(copy).toEqual({ kind: "schema", schemaId: 12, text: "text" });
    expect(() => readAuditRecord(Buffer.from("else"), Buffer.from(""))).toThrow("no key");
  });

  it("wants the Confluent framing", () => {
    expect(() => readFramed(Buffer.from("0100000001", "hex"))).toThrow("not framed");
    expect(() => readFramed(Buffer.from("00000000", "hex"))).toThrow("not framed");
  });
});
