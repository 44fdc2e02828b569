import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { encodeBatch, type AppendCompression, type EncodableRecord } from "./batch-encoder.js";
import type { LogRecord } from "./log-reader.js";
import { decodeRecords, wholeBatches } from "./record-batch.js";

const NOW_MS = 1_700_000_000_123;

function decode(bytes: Buffer): LogRecord[] {
  const batches = [...wholeBatches(bytes)];
  expect(batches).toHaveLength(1);
  const [batch] = batches;
  if (batch === undefined) throw new Error("no batch");
  expect(batch.bytes).toHaveLength(bytes.length);
  expect(batch).toMatchObject({ baseOffset: 0, isTransactional: false, isControl: false });
  expect(batch.producerId).toBe("ffffffffffffffff");
  const records: LogRecord[] = [];
  decodeRecords(batch, 0, records);
  expect(batch.lastOffset).toBe(records.length - 1);
  return records;
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const records = fc.array(
  fc.record<EncodableRecord>(
    {
      key: fc.option(bytes),
      value: fc.option(bytes),
      headers: fc.dictionary(fc.string({ unit: "grapheme", maxLength: 80 }), bytes, { maxKeys: 3 }),
    },
    { requiredKeys: ["key", "value"] },
  ),
  { minLength: 1, maxLength: 200 },
);
const compressions = fc.constantFrom<AppendCompression>("none", "gzip");

test("what is encoded is decoded the same, whatever it is", async () => {
  await fc.assert(
    fc.asyncProperty(records, compressions, async (written, compression) => {
      const read = decode(await encodeBatch(written, NOW_MS, compression));
      expect(read).toEqual(
        written.map(({ key, value, headers }, offset) => ({
          offset,
          appendedAtMs: NOW_MS,
          key,
          value,
          headers: { ...headers },
        })),
      );
    }),
    { numRuns: 60 },
  );
});

test("writes lengths right where they take one byte more", async () => {
  const sizes = [0, 1, 62, 63, 64, 65, 8190, 8191, 8192, 8193, 1_048_575, 1_048_576];
  const written = sizes.map((size) => ({ key: Buffer.alloc(size, 1), value: Buffer.alloc(size, 2) }));
  const read = decode(await encodeBatch(written, NOW_MS, "none"));
  expect(read.map(({ key }) => key?.length)).toEqual(sizes);
  expect(read.every(({ key, value }, index) => value?.equals(Buffer.alloc(key?.length ?? index, 2)))).toBe(
    true,
  );
});

test("numbers many records without a gap", async () => {
  const read = decode(
    await encodeBatch(
      Array.from({ length: 20_000 }, () => ({ key: null, value: null })),
      NOW_MS,
      "none",
    ),
  );
  expect(read.every(({ offset }, index) => offset === index)).toBe(true);
  expect(read).toHaveLength(20_000);
});
