import { FatalError } from "@lastknown/shared";
import { printable, shortened, tableLines } from "../output/table.js";
import { headerText, wholeBytesOfCut, type DeadLetter, type ListedDeadLetter } from "./dead-letter.js";
import { hexdump } from "./hexdump.js";

/** A narrower terminal breaks the lines itself. */
const WIDTH_MIN = 80;
const BYTES_SHOWN_MAX = 4096;

/**
 * The table of `dlq list`: place, when, reason, source; the error takes what is left of the line.
 *
 * @param width of the terminal; undefined where there is none: then nothing is cut
 */
export function deadLetterLines(letters: readonly ListedDeadLetter[], width: number | undefined): string[] {
  if (letters.length === 0) return [];
  const columns = ["PLACE", "WHEN", "REASON", "SOURCE", "ERROR"].map((title) => ({ title }));
  const rows = letters.map((letter) => [
    `${letter.partition}/${letter.offset}`,
    new Date(letter.deadLetteredAtMs).toISOString().slice(0, 19) + "Z",
    printable(letter.reason),
    printable(letter.source),
    printable(letter.error),
  ]);
  const lines = tableLines(columns, rows);
  return width === undefined ? lines : lines.map((line) => shortened(line, Math.max(width, WIDTH_MIN)));
}

/** One line of JSON. A header that is no UTF-8 is an object with its bytes in base64, as `value` has its own. */
export function deadLetterJson(letter: DeadLetter): string {
  const { partition, offset, deadLetteredAtMs, reason, error, source, headers, value } = letter;
  return JSON.stringify({
    partition,
    offset,
    deadLetteredAt: new Date(deadLetteredAtMs).toISOString(),
    reason,
    error,
    source,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, bytes]) => [
        name,
        headerText(bytes) ?? { base64: bytes.toString("base64") },
      ]),
    ),
    value: value.toString("base64"),
  });
}

/** All of one dead letter: headers, then the bytes. */
export function deadLetterDetails(letter: DeadLetter): string[] {
  const headers = Object.entries(letter.headers).map(([name, bytes]) => {
    const text = headerText(bytes);
    return [printable(name), text === undefined ? "hex" : "text", printable(text ?? bytes.toString("hex"))];
  });
  const wholeBytes = wholeBytesOfCut(letter);
  const size = wholeBytes === undefined ? "" : ` of ${wholeBytes}`;
  return [
    `dead letter ${letter.partition}/${letter.offset} from ${printable(letter.source)}: ${printable(letter.reason)}`,
    "",
    ...tableLines([{ title: "HEADER" }, { title: "AS" }, { title: "VALUE" }], headers),
    "",
    `VALUE, ${letter.value.length}${size} bytes`,
    ...hexdump(letter.value, BYTES_SHOWN_MAX),
  ];
}

/** What to say of bytes that are not all of their record's value; undefined where they are. */
export function cutNote(letter: DeadLetter): string | undefined {
  const wholeBytes = wholeBytesOfCut(letter);
  return wholeBytes === undefined
    ? undefined
    : `the dead letter was cut: these are ${letter.value.length} of the record's ${wholeBytes} bytes`;
}

export function noSuchDeadLetter(topic: string, place: { partition: number; offset: number }): FatalError {
  return new FatalError(`no dead letter at ${place.partition}/${place.offset} in ${topic}`, {
    fix: "lastknown dlq list tells where they stand",
  });
}
