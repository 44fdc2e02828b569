import { gzipSync } from "node:zlib";
import { crc32c } from "@node-rs/crc32";
import { expect, test } from "@jest/globals";
import { InflationBudget } from "./gzip.js";
import { decodeFetched, type AbortedTransaction } from "./fetch-answer.js";

const [GZIP, ZSTD, LOG_APPEND_TIME, TRANSACTIONAL, CONTROL] = [1, 4, 8, 16, 32];
const BASE_TIME_MS = 1_700_000_000_000;
const MAX_TIME_MS = BASE_TIME_MS + 60_000;

interface BatchUnderTest {
  baseOffset: number;
  lastOffsetDelta: number;
  attributes?: number;
  producerId?: bigint;
  /** Offset delta, time delta, key and value of each record that is left. */
  records: readonly (readonly [offset: number, timeMs: number, key: Buffer, value: string])[];
}

function batch(options: BatchUnderTest): Buffer {
  const attributes = options.attributes ?? 0;
  const records = Buffer.concat(options.records.map((record) => encodeRecord(...record)));
  const body = (attributes & 7) === GZIP ? gzipSync(records) : records;
  const bytes = Buffer.alloc(61 + body.length);
  bytes.writeBigInt64BE(BigInt(options.baseOffset), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(2, 16);
  bytes.writeInt16BE(attributes, 21);
  bytes.writeInt32BE(options.lastOffsetDelta, 23);
  bytes.writeBigInt64BE(BigInt(BASE_TIME_MS), 27);
  bytes.writeBigInt64BE(BigInt(MAX_TIME_MS), 35);
  bytes.writeBigInt64BE(options.producerId ?? -1n, 43);
  bytes.writeInt32BE(options.records.length, 57);
  body.copy(bytes, 61);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

function encodeRecord(offset: number, timeMs: number, key: Buffer, value: string): Buffer {
  const valueBytes = Buffer.from(value);
  const content = Buffer.concat([
    Buffer.of(0),
    varint(timeMs),
    varint(offset),
    varint(key.length),
    key,
    varint(valueBytes.length),
    valueBytes,
    varint(0),
  ]);
  return Buffer.concat([varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = (BigInt(value) << 1n) ^ (BigInt(value) >> 63n);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function decode(
  batches: Buffer[],
  from: number,
  abortedTransactions: AbortedTransaction[] = [],
  budget = new InflationBudget(),
) {
  const recordSet = Buffer.concat(batches);
  const head = { partition: 0, errorCode: 0, highWatermark: 100, logStartOffset: 0 };
  const { records, nextOffset } = decodeFetched({ ...head, abortedTransactions, recordSet }, from, budget);
  return { values: records.map(({ offset, value }) => [offset, String(value)]), nextOffset, records };
}

const key = Buffer.from("k");

test("steps over batches that compaction emptied, to their last offset + 1", () => {
  const emptied = batch({ baseOffset: 10, lastOffsetDelta: 9, records: [] });
  expect(decode([emptied], 10)).toMatchObject({ values: [], nextOffset: 20 });
  expect(
    decode([emptied, batch({ baseOffset: 20, lastOffsetDelta: 3, records: [[1, 0, key, "b"]] })], 12),
  ).toMatchObject({ values: [[21, "b"]], nextOffset: 24 });
});

test("leaves out the records of the first batch that stand before the offset asked for", () => {
  const whole = batch({
    baseOffset: 5,
    lastOffsetDelta: 2,
    records: [0, 1, 2].map((n) => [n, 0, key, String(n)] as const),
  });
  expect(decode([whole], 6)).toMatchObject({
    values: [
      [6, "1"],
      [7, "2"],
    ],
    nextOffset: 8,
  });
});

test("does not pass a batch that the fetch cut off", () => {
  const first = batch({ baseOffset: 0, lastOffsetDelta: 0, records: [[0, 0, key, "a"]] });
  const second = batch({ baseOffset: 1, lastOffsetDelta: 0, records: [[0, 0, key, "b"]] });
  for (const cut of [1, 40, 62, second.length - 1]) {
    expect(decode([first, second.subarray(0, cut)], 0)).toMatchObject({ values: [[0, "a"]], nextOffset: 1 });
  }
  expect(decode([second.subarray(0, 65)], 1)).toMatchObject({ values: [], nextOffset: 1 });
});

test("takes the append time of a whole batch, or each record's own where the producer stamps", () => {
  const records = [[0, -5, key, "a"] as const, [1, 3_000_000_000, key, "b"] as const];
  const times = (attributes: number) =>
    decode([batch({ baseOffset: 0, lastOffsetDelta: 1, attributes, records })], 0).records.map(
      (one) => one.appendedAtMs,
    );
  expect(times(LOG_APPEND_TIME)).toEqual([MAX_TIME_MS, MAX_TIME_MS]);
  expect(times(0)).toEqual([BASE_TIME_MS - 5, BASE_TIME_MS + 3_000_000_000]);
});

test("inflates gzip, and names the codec that it does not read", () => {
  const records = [[0, 0, key, "a".repeat(5000)] as const];
  const compressed = batch({ baseOffset: 0, lastOffsetDelta: 0, attributes: GZIP, records });
  expect(decode([compressed], 0).values).toEqual([[0, "a".repeat(5000)]]);
  const unknown = batch({ baseOffset: 7, lastOffsetDelta: 0, attributes: ZSTD, records });
  expect(() => decode([unknown], 7)).toThrow("batch at offset 7 cannot be read: it is compressed with zstd");
});

test("decodes no further batch once a read has inflated what it may, and always the first one", () => {
  const compressed = (baseOffset: number) =>
    batch({
      baseOffset,
      lastOffsetDelta: 0,
      attributes: GZIP,
      records: [[0, 0, key, "a".repeat(5000)]],
    });
  const log = [0, 1, 2, 3].map(compressed);
  const budget = new InflationBudget(10_000);
  expect(decode(log, 0, [], budget).nextOffset).toBe(2);
  // The next partition of the same read begins where it stands.
  expect(decode(log, 0, [], budget)).toMatchObject({ values: [], nextOffset: 0 });
  expect(decode(log.slice(2), 2, [], new InflationBudget(1)).nextOffset).toBe(3);
  const plain = batch({ baseOffset: 0, lastOffsetDelta: 0, records: [[0, 0, key, "a".repeat(5000)]] });
  expect(decode([plain, ...log.slice(1)], 0, [], new InflationBudget(1)).nextOffset).toBe(2);
});

test("leaves out control batches and what was aborted, and keeps what was committed", () => {
  const marker = (baseOffset: number, producerId: bigint, type: number) =>
    batch({
      baseOffset,
      lastOffsetDelta: 0,
      attributes: TRANSACTIONAL | CONTROL,
      producerId,
      records: [[0, 0, Buffer.of(0, 0, 0, type), ""]],
    });
  const part = (baseOffset: number, producerId: bigint, value: string) =>
    batch({
      baseOffset,
      lastOffsetDelta: 0,
      attributes: TRANSACTIONAL,
      producerId,
      records: [[0, 0, key, value]],
    });
  const log = [
    part(0, 1n, "aborted"),
    part(1, 2n, "committed"),
    marker(2, 1n, 0),
    marker(3, 2n, 1),
    part(4, 1n, "committed later"),
    marker(5, 1n, 1),
  ];
  const decoded = decode(log, 0, [{ producerId: "0000000000000001", firstOffset: 0 }]);
  expect(decoded).toMatchObject({
    values: [
      [1, "committed"],
      [4, "committed later"],
    ],
    nextOffset: 6,
  });
});

test("refuses bytes that are not what their checksum says, and lengths that lead outside", () => {
  const good = batch({ baseOffset: 0, lastOffsetDelta: 0, records: [[0, 0, key, "value"]] });
  const flipped = Buffer.from(good);
  flipped[70] = (flipped[70] ?? 0) ^ 1;
  expect(() => decode([flipped], 0)).toThrow("its checksum is wrong");
  const lying = Buffer.from(good);
  lying.writeInt32BE(5, 57);
  lying.writeUInt32BE(crc32c(lying.subarray(21)), 17);
  expect(() => decode([lying], 0)).toThrow("the records end too early");
});
