import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { eventIdOfContent, eventIdOfGivenId } from "./event-id.js";

describe("event ids", () => {
  test("are SHA-256, cut, over length-prefixed parts", () => {
    const hashed = Buffer.concat([
      Buffer.from([0, 0, 0, 4]),
      Buffer.from("bus7"),
      Buffer.from([0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 5]),
      Buffer.from([0, 0, 0, 7]),
      Buffer.from('{"a":1}'),
    ]);
    expect(eventIdOfContent("bus7", 5, '{"a":1}')).toBe(
      createHash("sha256").update(hashed).digest("hex").slice(0, 32),
    );
  });

  test("are frozen: stored audits hold them", () => {
    expect(eventIdOfContent("bus7", 5, '{"a":1}')).toBe("df84671c0d8ffbe869bf5b7a7d2b145f");
    expect(eventIdOfGivenId("bus7", "evt-1")).toBe("74693d7df5f9d8669da01d86735df249");
  });

  test("differ when a character moves from one part to the next", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 2 }), fc.nat(), (text, at) => {
        const cut = 1 + (at % (text.length - 1));
        const whole = eventIdOfGivenId(text, "");
        expect(eventIdOfGivenId(text.slice(0, cut), text.slice(cut))).not.toBe(whole);
      }),
    );
  });

  test("hold the time as 64 bits with their sign", () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer()), (micros) => {
        const hashed = Buffer.from("\0\0\0\u0001u\0\0\0\b........\0\0\0\u0002{}");
        hashed.writeBigInt64BE(BigInt(micros), hashed.indexOf("."));
        const digest = createHash("sha256").update(hashed).digest();
        expect(eventIdOfContent("u", micros, "{}")).toBe(digest.toString("hex", 0, 16));
      }),
    );
  });

  test("tell times before 1970 apart from those after", () => {
    expect(eventIdOfContent("u", -1, "{}")).not.toBe(eventIdOfContent("u", 1, "{}"));
  });
});
