import { readdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { ExternalSort } from "./external-sort.js";

interface Row {
  sts: number;
  line: number;
  text: string;
}

function sorted(sort: ExternalSort): Row[] {
  const rows: Row[] = [];
  const cursor = sort.cursor();
  for (let entry = cursor.current; entry !== undefined; entry = cursor.current) {
    rows.push({ sts: entry.sts, line: entry.line, text: entry.raw.toString() });
    cursor.advance();
  }
  return rows;
}

function addAll(sort: ExternalSort, rows: readonly Row[]): void {
  for (const { sts, line, text } of rows) sort.add({ sts, timeStamp: -sts, line, raw: Buffer.from(text) });
}

describe("the external sort", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "external-sort-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("equals a stable sort, whatever fits into memory and however many runs are merged", () => {
    const rows = fc.array(fc.record({ sts: fc.integer({ min: -5, max: 5 }), text: fc.string() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(
        rows,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 2, max: 4 }),
        (unsorted, fit, mergeWidth) => {
          const input = unsorted.map((row, index) => ({ ...row, line: 2 + index }));
          const memoryBytesMax = fit * 60;
          const sort = new ExternalSort({ memoryBytesMax, directory, mergeWidth });
          try {
            addAll(sort, input);
            const expected = input.toSorted((a, b) => a.sts - b.sts);
            expect(sorted(sort)).toEqual(expected);
            expect(sorted(sort)).toEqual(expected);
            const bytes = input.reduce((sum, { text }) => sum + 48 + Buffer.byteLength(text), 0);
            if (bytes >= memoryBytesMax) expect(sort.spilledBytes).toBeGreaterThan(0);
          } finally {
            sort.close();
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("reads back rows longer than its buffers", () => {
    const sort = new ExternalSort({ memoryBytesMax: 1, directory, mergeWidth: 2 });
    const rows = [900_000, 3, 600_000, 0].map((length, index) => ({
      sts: -index,
      line: 2 + index,
      text: String(index).repeat(length),
    }));
    addAll(sort, rows);
    expect(sorted(sort)).toEqual(rows.toReversed());
    sort.close();
  });

  it.each([1, 2, 64])("makes use of all of %d MiB before it spills", (mebibytes) => {
    const memoryBytesMax = mebibytes * 1024 * 1024;
    const sort = new ExternalSort({ memoryBytesMax, directory });
    const text = "x".repeat(950);
    let line = 1;
    while (sort.spilledBytes === 0) addAll(sort, [{ sts: -line, line: ++line, text }]);
    const rowBytes = 28 + text.length + 20;
    expect(line * rowBytes).toBeGreaterThan(memoryBytesMax * 0.9);
    expect(line * rowBytes).toBeLessThanOrEqual(memoryBytesMax + rowBytes);
    sort.close();
  });

  it("leaves no file with a name behind, not even while it runs", () => {
    const sort = new ExternalSort({ memoryBytesMax: 1, directory });
    addAll(sort, [{ sts: 1, line: 2, text: "a" }]);
    expect(readdirSync(directory)).toEqual([]);
    sort.close();
  });

  it("names the folder that it cannot spill into, and the flag", () => {
    const sort = new ExternalSort({ memoryBytesMax: 1, directory: join(directory, "gone") });
    const rows = [1, 2].map((line) => ({ sts: line, line, text: "a" }));
    expect(() => addAll(sort, rows)).toThrow(
      expect.objectContaining({ exitCode: 2, fix: expect.stringContaining("--temp") }),
    );
    sort.close();
  });
});
