import { describe, expect, test } from "@jest/globals";
import { MemoryLog } from "@lastknown/shared";
import { deadLetterOf, listedDeadLetter } from "./dead-letter.js";
import { hexdump } from "./hexdump.js";
import { cutNote, deadLetterDetails, deadLetterJson, deadLetterLines } from "./print-dead-letter.js";
import { lastDeadLetters, readDeadLetter, readDeadLetters } from "./read-dead-letters.js";

const TOPIC = "buses.dlq";

async function topicWithLetters(): Promise<MemoryLog> {
  const log = new MemoryLog({ topics: { [TOPIC]: 2 }, now: () => Date.UTC(2024, 2, 10, 6) });
  const letter = (partition: number, offset: number, reason: string) => ({
    partition,
    key: Buffer.from(`buses.events/${partition}/${offset}`),
    value: Buffer.from("\u0001\u001b[31m"),
    headers: Object.fromEntries(
      Object.entries({ reason, error: "it is not framed", topic: "buses.events", partition, offset }).map(
        ([name, value]) => [name, Buffer.from(String(value))],
      ),
    ),
  });
  await log.append(TOPIC, [letter(1, 7, "not-framed"), letter(0, 3, "null-key"), letter(1, 9, "not-framed")]);
  return log;
}

async function all(log: MemoryLog) {
  const letters = [];
  for await (const letter of readDeadLetters(log, TOPIC)) letters.push(letter);
  return letters;
}

describe("dead letters", () => {
  test("are read from all partitions, and are still there", async () => {
    const log = await topicWithLetters();
    expect((await all(log)).map(({ source }) => source)).toEqual([
      "buses.events/0/3",
      "buses.events/1/7",
      "buses.events/1/9",
    ]);
    expect(await all(log)).toHaveLength(3);
  });

  test("are found by their place, and nothing is made up where none is", async () => {
    const log = await topicWithLetters();
    expect(await readDeadLetter(log, TOPIC, { partition: 1, offset: 1 })).toMatchObject({
      source: "buses.events/1/9",
    });
    for (const place of [
      { partition: 1, offset: 2 },
      { partition: 0, offset: 1 },
      { partition: 5, offset: 0 },
    ])
      expect(await readDeadLetter(log, TOPIC, place)).toBeUndefined();
  });

  test("stand in a table with place, time, reason, source and error", async () => {
    expect(deadLetterLines(await all(await topicWithLetters()), 120)).toEqual([
      "PLACE  WHEN                  REASON      SOURCE            ERROR",
      "0/0    2024-03-10T06:00:00Z  null-key    buses.events/0/3  it is not framed",
      "1/0    2024-03-10T06:00:00Z  not-framed  buses.events/1/7  it is not framed",
      "1/1    2024-03-10T06:00:00Z  not-framed  buses.events/1/9  it is not framed",
    ]);
  });

  test("are listed once per source, as their last copy tells, and so are counted", async () => {
    const log = await topicWithLetters();
    const again = { partition: 1, key: Buffer.from("buses.events/1/7"), value: Buffer.from("again") };
    const strange = { partition: 1, key: null, value: Buffer.from("no worker's") };
    await log.append(TOPIC, [again, strange, strange]);
    const places = async (limit: number) => {
      const { letters, more } = await lastDeadLetters(log, TOPIC, { limit, listed: listedDeadLetter });
      return [letters.map(({ partition, offset }) => `${partition}/${offset}`).join(" "), more];
    };
    expect(await places(100)).toEqual(["0/0 1/1 1/2 1/3 1/4", false]);
    expect(await places(5)).toEqual(["0/0 1/1 1/2 1/3 1/4", false]);
    expect(await places(4)).toEqual(["0/0 1/1 1/2 1/3", true]);
    expect(await places(2)).toEqual(["0/0 1/2", true]);
  });

  test("keep nothing of what they were read from where they are listed", async () => {
    const { letters } = await lastDeadLetters(await topicWithLetters(), TOPIC, {
      limit: 100,
      listed: listedDeadLetter,
    });
    expect(letters).toHaveLength(3);
    const kept = letters.flatMap((letter) => Object.values(letter));
    expect(kept.filter((value) => ArrayBuffer.isView(value))).toEqual([]);
  });

  test("are cut to the width of a terminal, and not where there is none", async () => {
    const [letter] = await all(await topicWithLetters());
    if (letter === undefined) throw new Error("no letter");
    const long = { ...letter, error: "x".repeat(300) };
    expect(deadLetterLines([long], 100)[1]).toHaveLength(100);
    expect(deadLetterLines([long], 20)[1]).toHaveLength(80);
    expect(deadLetterLines([long], undefined)[1]).toMatch(/  x{300}$/);
  });

  test("say so where they hold a part of their record only", async () => {
    const [letter] = await all(await topicWithLetters());
    if (letter === undefined) throw new Error("no letter");
    const withLength = (length: string) => ({
      ...letter,
      headers: { ...letter.headers, length: Buffer.from(length) },
    });
    expect(["6", "null", "?"].map((length) => cutNote(withLength(length)))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(cutNote(letter)).toBeUndefined();
    const cut = withLength("2000");
    expect(cutNote(cut)).toBe("the dead letter was cut: these are 6 of the record's 2000 bytes");
    expect(deadLetterDetails(cut)).toContain("VALUE, 6 of 2000 bytes");
  });

  test("show their bytes without letting them act on the terminal", async () => {
    const [letter] = await all(await topicWithLetters());
    if (letter === undefined) throw new Error("no letter");
    const text = deadLetterDetails(letter).join("\n");
    expect(text).toContain("01 1b 5b 33 31 6d");
    expect(text).not.toContain("\u001b");
  });
});

describe("headers of a dead letter", () => {
  const odd = Buffer.from([0xff, 0x00, 0xc3, 0x28]);
  const headers = { reason: Buffer.from("null-key"), "x-é": Buffer.from("Zoë"), odd, none: Buffer.alloc(0) };
  const record = { offset: 4, appendedAtMs: 0, key: null, value: null, headers };
  const letter = deadLetterOf(2, record);

  test("are text where they are UTF-8, and their bytes where not, in both forms without loss", () => {
    const shown = JSON.parse(deadLetterJson(letter)) as { headers: Record<string, string> };
    expect(shown.headers).toEqual({
      reason: "null-key",
      "x-é": "Zoë",
      odd: { base64: odd.toString("base64") },
      none: "",
    });
    const lines = deadLetterDetails(letter).map((line) => line.replaceAll(/ +/g, " "));
    expect(lines).toEqual(
      expect.arrayContaining(["HEADER AS VALUE", "reason text null-key", "x-é text Zoë", "odd hex ff00c328"]),
    );
  });
});

describe("a hexdump", () => {
  test("has sixteen bytes per line and says how many it left out", () => {
    const lines = hexdump(Buffer.from("abcdefghijklmnopq rest"), 17);
    expect(lines).toEqual([
      "000000  61 62 63 64 65 66 67 68  69 6a 6b 6c 6d 6e 6f 70  |abcdefghijklmnop|",
      "000010  71                                                |q|",
      "… 5 more bytes",
    ]);
  });
});
