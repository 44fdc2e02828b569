import { expect, test } from "@jest/globals";
import { EARLIEST_MICROS, LATEST_MICROS } from "@lastknown/shared";
import fc from "fast-check";
import { TextWords, type CommandWords } from "./command-words.js";
import { CommandWriter } from "./command-writer.js";

/** As Redis's documentation has it. */
function commandOf(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}

// Short and long, of one byte a character and of more, and what a command must not end at.
const word = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme-ascii", minLength: 150, maxLength: 1200, size: "max" }),
  fc.constantFrom("", "\r\n", "é", "\u{1f68c}".repeat(70), "a".repeat(199), "a".repeat(200), "a".repeat(201)),
);
const head = fc.string({ unit: "grapheme-ascii", maxLength: 40 }).map((text) => Buffer.from(text));
const number = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 9, 10, 99, 100, Number.MAX_SAFE_INTEGER));
const time = fc.oneof(
  fc.integer({ min: EARLIEST_MICROS, max: LATEST_MICROS }),
  fc.constantFrom(-1, 0, EARLIEST_MICROS, LATEST_MICROS),
);
const order = fc.record({
  orderTime: time,
  sts: time,
  timeStamp: time,
  eventId: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("hex")),
});
type Giving = (words: CommandWords) => void;
const giving: fc.Arbitrary<Giving> = fc.oneof(
  word.map(
    (text): Giving =>
      (words) =>
        words.text(text),
  ),
  fc.tuple(head, word).map(
    ([begin, tail]): Giving =>
      (words) =>
        words.headed(begin, tail),
  ),
  fc.tuple(head, number).map(
    ([begin, whole]): Giving =>
      (words) =>
        words.numbered(begin, whole),
  ),
  order.map(
    (any): Giving =>
      (words) =>
        words.order(any),
  ),
  time.map(
    (micros): Giving =>
      (words) =>
        words.time(micros),
  ),
);

test("writes commands as Redis reads them, of whatever words, one after the other", () => {
  fc.assert(
    fc.property(fc.array(fc.array(giving, { maxLength: 12 }), { maxLength: 4 }), (commands) => {
      const writer = new CommandWriter();
      const ends = [0];
      const texts = commands.map((words) => {
        const asTexts = new TextWords();
        writer.command(words.length);
        for (const give of words) {
          give(writer);
          give(asTexts);
        }
        ends.push(writer.length);
        return commandOf(asTexts.texts);
      });
      expect(writer.slice(0, writer.length).toString()).toBe(texts.join(""));
      texts.forEach((text, index) =>
        expect(writer.slice(ends[index] as number, ends[index + 1] as number).toString()).toBe(text),
      );
    }),
  );
});
