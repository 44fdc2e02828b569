import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { Rejection } from "../arrivals/rejection.js";
import { CUT, deadLetterRecord, WHOLE } from "./dead-letter-record.js";

const value = Buffer.alloc(100_000, "v");
const rejection: Rejection = {
  kind: "rejected",
  partition: 3,
  record: {
    offset: 9,
    appendedAtMs: 17,
    key: Buffer.from([0xff, 0x00]),
    value,
    headers: { trace: Buffer.from("t"), reason: Buffer.from("of the producer"), redrives: Buffer.from("2") },
  },
  reason: "malformed_value",
  error: "the value is cut short",
  read: { user: "bus", schemaId: 7 },
};

function textsOf(headers: Readonly<Record<string, Buffer>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, text.toString("latin1")]));
}

describe("a dead letter", () => {
  test("holds the raw bytes, the reason, and all that is known of the record", () => {
    const letter = deadLetterRecord("f.events", rejection, WHOLE);
    expect(letter).toMatchObject({ partition: 3, key: Buffer.from("f.events/3/9") });
    expect(letter.value?.equals(value)).toBe(true);
    expect(textsOf(letter.headers)).toEqual({
      reason: "malformed_value",
      error: "the value is cut short",
      topic: "f.events",
      partition: "3",
      offset: "9",
      appended_at: "17",
      user: "bus",
      schema_id: "7",
      length: "100000",
      sha256: createHash("sha256").update(value).digest("hex"),
      redrives: "2",
      key: "\u00ff\0",
      "header.trace": "t",
      "header.reason": "of the producer",
      "header.redrives": "2",
    });
  });

  test("is the same each time its record is delivered", () => {
    expect(deadLetterRecord("f.events", rejection, WHOLE)).toEqual(
      deadLetterRecord("f.events", rejection, WHOLE),
    );
  });

  test("can be cut, with length and hash of the whole", () => {
    const letter = deadLetterRecord("f.events", rejection, CUT);
    expect(letter.value?.equals(value.subarray(0, CUT.valueBytesMax))).toBe(true);
    expect(textsOf(letter.headers)).toMatchObject({ length: "100000" });
  });

  test("tells a record without value or key from an empty one", () => {
    const record = { ...rejection.record, key: null, value: null, headers: {} };
    const letter = deadLetterRecord("f.events", { ...rejection, record }, WHOLE);
    expect(textsOf(letter.headers)).toMatchObject({ length: "null", redrives: "0" });
    expect(letter.headers).not.toHaveProperty("key");
  });
});
