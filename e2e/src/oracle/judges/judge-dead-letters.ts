import type { TopicRecord } from "../servers/topic-record.js";
import { type Judgement, Tally } from "./judgement.js";
import type { EventsRead } from "./read-events.js";

/**
 * Whether each record that is no event has a dead letter with its raw key and value, and no event has one. Redelivery
 * may have doubled a letter.
 *
 * @param events all records of the events topic
 * @param letters all records of the dead-letter topic; a key names topic/partition/offset
 */
export function judgeDeadLetters(
  events: readonly TopicRecord[],
  { unreadable }: EventsRead,
  letters: readonly TopicRecord[],
): Judgement {
  const tally = new Tally();
  const recordAt = new Map(events.map((record) => [`${record.partition}/${record.offset}`, record]));
  const lettersAt = new Map(letters.map((letter) => [sourceOf(letter), letter]));
  for (const { source, reason } of unreadable) {
    const name = `${source.partition}/${source.offset}`;
    const letter = lettersAt.get(name);
    const { key, value } = recordAt.get(name) ?? { key: null, value: null };
    const expected = { key: hex(key), value: hex(value), hasReason: true };
    const actual = letter && {
      key: hex(letter.headers.get("key")),
      value: hex(letter.value),
      hasReason: letter.headers.has("reason"),
    };
    tally.check(`dead letter of ${name} (${reason})`, expected, actual);
    lettersAt.delete(name);
  }
  for (const [name, letter] of lettersAt) {
    tally.fail(`dead letter of ${name}`, undefined, letter.headers.get("reason")?.toString());
  }
  return tally.judgement;
}

function sourceOf({ key }: TopicRecord): string {
  const text = key?.toString() ?? "";
  return /\d+\/\d+$/.exec(text)?.[0] ?? text;
}

function hex(value: Buffer | null | undefined): string {
  return value?.toString("hex") ?? "";
}
