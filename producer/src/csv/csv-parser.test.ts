import { describe, expect, it } from "@jest/globals";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { exitCodes } from "@lastknown/shared";
import { CsvParser, RECORD_BYTES_MAX, type CsvParserOptions } from "./csv-parser.js";
import { joinFields } from "./fields.js";

interface Found {
  header: string[];
  rows: { line: number; cells: string[]; raw: string }[];
  rejected: { line: number; reason: string; raw: string }[];
}

function readAll(chunks: readonly Buffer[], options: CsvParserOptions = {}): Found {
  const found: Found = { header: [], rows: [], rejected: [] };
  const parser = new CsvParser(
    {
      header: (cells) => (found.header = cells),
      row: ({ line, cells, raw }) => found.rows.push({ line, cells, raw: raw.toString("latin1") }),
      rejected: ({ line, reason, raw }) => found.rejected.push({ line, reason, raw: raw.toString("latin1") }),
    },
    options,
  );
  for (const chunk of chunks) parser.write(chunk);
  parser.end();
  return found;
}

/** The text cut into pieces of these sizes, in turn. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] as number;
    chunks.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}

const field = fc.string({
  unit: fc.constantFrom("a", "é", "😀", " ", ",", ";", '"', "\n", "\r", "0", "."),
  maxLength: 6,
});
// A first column that is never empty, so that no row is a blank line.
const row = fc.tuple(fc.constantFrom("x", "y,z", 'q"'), field, field).map((cells) => cells as string[]);
const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });

describe("the CSV parser", () => {
  it("reads back any table that is written, however its bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 8 }),
        fc.constantFrom(",", ";", "\t", "|"),
        sizes,
        (rows, separator, cuts) => {
          const text = [["h1", "h2", "h3"], ...rows].map((cells) => joinFields(cells, separator)).join("\n");
          const found = readAll(cut(Buffer.from(text), cuts));
          expect(found.header).toEqual(["h1", "h2", "h3"]);
          // A carriage return before the record's end belongs to the line end, unless it is quoted.
          expect(found.rows.map(({ cells }) => cells)).toEqual(rows);
          expect(found.rejected).toEqual([]);
        },
      ),
    );
  });

  it("agrees with csv-parse wherever both accept", () => {
    const text = fc
      .array(row, { minLength: 1, maxLength: 6 })
      .map((rows) => rows.map((cells) => joinFields(cells)));
    fc.assert(
      fc.property(text, fc.constantFrom("\n", "\r\n"), (lines, lineEnd) => {
        const csv = `h1,h2,h3${lineEnd}${lines.join(lineEnd)}`;
        const expected = parse(csv, { record_delimiter: lineEnd }) as string[][];
        const found = readAll([Buffer.from(csv)]);
        expect([found.header, ...found.rows.map(({ cells }) => cells)]).toEqual(expected);
      }),
    );
  });

  it("says on which physical line each record starts", () => {
    const found = readAll([Buffer.from('a,b\r\n1,"x\n\ny"\r\n\r\n2,z\r\n3\r\n4,w')]);
    expect(found.rows.map(({ line }) => line)).toEqual([2, 6, 8]);
    expect(found.rejected).toMatchObject([{ line: 7, reason: "ragged", raw: "3" }]);
  });

  it("loses one line to a quote that is never closed", () => {
    const filler = `2,${"y".repeat(100)}\n`.repeat((2 * RECORD_BYTES_MAX) / 100);
    const found = readAll(cut(Buffer.from(`a,b\n1,"x\n${filler}3,z\n`), [65_536]));
    expect(found.rejected).toMatchObject([{ line: 2, reason: "quote", raw: '1,"x' }]);
    expect(found.rows.at(-1)?.cells).toEqual(["3", "z"]);
    expect(found.rows[0]?.line).toBe(3);
  });

  it("loses one line to a quote that the next quoted field seems to close", () => {
    const found = readAll([Buffer.from('a,b\n1,"x\n2,","\n3,z\n')]);
    expect(found.rejected.map(({ line }) => line)).toEqual([2]);
    expect(found.rows.map(({ cells }) => cells)).toEqual([
      ["2", ","],
      ["3", "z"],
    ]);
  });

  it("gives back the lines that a wrong quote had swallowed", () => {
    const found = readAll([Buffer.from('a,b\n1,"x\n2,y\n3,",w\n4,v\n')]);
    expect(found.rejected.map(({ line, reason }) => [line, reason])).toEqual([
      [2, "quote"],
      [4, "quote"],
    ]);
    expect(found.rows.map(({ line, cells }) => [line, ...cells])).toEqual([
      [3, "2", "y"],
      [5, "4", "v"],
    ]);
  });

  it("loses one line to a line longer than a record may be, and keeps only its beginning", () => {
    const found = readAll(cut(Buffer.from(`a,b\n1,${"9".repeat(2_000_000)}\n3,z\n`), [100_000]));
    expect(found.rejected.map(({ line, reason }) => [line, reason])).toEqual([[2, "too-large"]]);
    expect(found.rejected[0]?.raw.length).toBeLessThan(70_000);
    expect(found.rows).toMatchObject([{ line: 3, cells: ["3", "z"] }]);
  });

  it.each([
    ["text behind a quote", '"h1" ,h2\n1,2\n', "(line 1: text follows a closing quote)", "--quote"],
    ["a quote that is never closed", '\n"h1,h2\n1,2\n', "(line 2: a quote is not closed)", "--quote"],
    [
      "too many bytes",
      `h1,${"h".repeat(RECORD_BYTES_MAX)}\n1,2\n`,
      "(line 1: the line is longer",
      "first line",
    ],
  ])("takes no row for the header where the header has %s", (_name, text, message, fix) => {
    expect(() => readAll([Buffer.from(text)])).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message),
        fix: expect.stringContaining(fix),
        exitCode: exitCodes.usage,
      }),
    );
  });

  it("takes a quote inside a plain field as it is, and quotes as nothing where told so", () => {
    expect(readAll([Buffer.from('a,b\n5" pipe,z\n')]).rows[0]?.cells).toEqual(['5" pipe', "z"]);
    expect(readAll([Buffer.from('a,b\n"x,z\n')], { quote: "none" }).rows[0]?.cells).toEqual(['"x', "z"]);
  });

  it("keeps a replacement character that stands in the file, and refuses bytes that are no UTF-8", () => {
    const bytes = Buffer.concat([Buffer.from("a,b\n\ufffd,1\n"), Buffer.from([0x80]), Buffer.from(",2\n")]);
    const found = readAll([bytes]);
    expect(found.rows.map(({ cells }) => cells)).toEqual([["\ufffd", "1"]]);
    expect(found.rejected).toMatchObject([{ line: 3, reason: "utf8" }]);
  });
});
