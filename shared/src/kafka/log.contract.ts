import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { bufferOf, type AppendBytes, type AppendRecord, type Appender } from "./appender.js";
import { OffsetOutOfRangeError, RecordTooLargeError, UnknownTopicError } from "./errors.js";
import type { LogReader, LogRecord } from "./log-reader.js";

/** One log for one test, with a name of its own for its topic. */
export interface LogUnderTest {
  readonly reader: LogReader;
  readonly appender: Appender;
  readonly topic: string;
  /** What `topic` was made with. */
  readonly partitions: number;
  readonly recordBytesMax: number;
  /** Appends the record in a transaction, and leaves that open. Gives what commits it. */
  openTransaction(record: AppendRecord): Promise<() => Promise<void>>;
  /** Removes the first records of a partition, as retention would. */
  truncateBefore(partition: number, offset: number): Promise<void>;
  close(): Promise<void>;
}

const READ = { bytesMax: 1024 * 1024, waitMs: 1000 };
/** Above any number of reads that a test can need. */
const READS_MAX = 10_000;

/** What every log must do, in memory and on a broker. `make` creates the topic. */
export function describeLog(name: string, make: () => Promise<LogUnderTest>): void {
  describe(`${name} as a log`, () => {
    let log: LogUnderTest;
    beforeEach(async () => {
      log = await make();
    });
    afterEach(() => log.close());

    test("gives back records in order, with exactly their keys, values and headers", async () => {
      const records: AppendRecord[] = [
        record(0, "key", "value"),
        { partition: 0, key: null, value: Buffer.from("no key") },
        { partition: 0, key: Buffer.from("no value"), value: null },
        { partition: 0, key: Buffer.alloc(0), value: Buffer.alloc(0) },
        { partition: 0, key: allBytes, value: Buffer.concat([allBytes, allBytes]) },
        {
          ...record(0, "h", "v"),
          headers: { reason: Buffer.from("late"), empty: Buffer.alloc(0), é: allBytes },
        },
      ];
      await log.appender.append(log.topic, records);

      const read = await readAll(log, 0);
      expect(read.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(read.map(contentOf)).toEqual(records.map(contentOf));
    });

    test("takes bytes that are written only when they are asked for", async () => {
      const lateOf = (text: string): AppendBytes => {
        const { length } = Buffer.from(text);
        return { length, copy: (target, at) => target.write(text, at) };
      };
      await log.appender.append(log.topic, [
        { partition: 0, key: lateOf("ké"), value: lateOf("written late") },
      ]);
      const read = await readAll(log, 0);
      expect(read.map(contentOf)).toEqual([contentOf(record(0, "ké", "written late"))]);
    });

    test("stamps records with the time of their append", async () => {
      const before = Date.now();
      await log.appender.append(log.topic, [record(0, "a", "1")]);
      const after = Date.now();
      const [first] = await readAll(log, 0);
      expect(first?.appendedAtMs).toBeGreaterThanOrEqual(before - 1);
      expect(first?.appendedAtMs).toBeLessThanOrEqual(after + 1);
    });

    test("keeps the order of calls within each partition", async () => {
      const calls = Array.from({ length: 30 }, (_, call) =>
        log.appender.append(
          log.topic,
          Array.from({ length: 40 }, (__, index) =>
            record(index % log.partitions, `${call}`, `${call}/${index}`),
          ),
        ),
      );
      await Promise.all(calls);
      for (let partition = 0; partition < log.partitions; partition++) {
        const values = (await readAll(log, partition)).map(({ value }) => String(value));
        const wanted = Array.from({ length: 30 * 40 }, (_, n) => `${Math.floor(n / 40)}/${n % 40}`);
        expect(values).toEqual(wanted.filter((_, n) => (n % 40) % log.partitions === partition));
      }
    });

    test("reads several partitions at once, each from its own offset", async () => {
      await log.appender.append(log.topic, [record(0, "a", "0"), record(1, "b", "1"), record(1, "b", "2")]);
      const positions = new Map([
        [0, 0],
        [1, 1],
        [2, 0],
      ]);
      const seen = new Map<number, string[]>();
      for (let reads = 0; reads < READS_MAX && [...seen.values()].flat().length < 2; reads++) {
        for (const [partition, slice] of await log.reader.readMany(log.topic, positions, READ)) {
          positions.set(partition, slice.nextOffset);
          seen.set(partition, [
            ...(seen.get(partition) ?? []),
            ...slice.records.map(({ value }) => String(value)),
          ]);
        }
      }
      expect(seen).toEqual(
        new Map([
          [0, ["0"]],
          [1, ["2"]],
          [2, []],
        ]),
      );
    });

    test("tells start and end of every partition", async () => {
      await log.appender.append(log.topic, [record(1, "a", "1"), record(1, "a", "2"), record(0, "b", "3")]);
      const ends = await log.reader.ends(log.topic);
      expect([...ends.keys()]).toEqual(Array.from({ length: log.partitions }, (_, index) => index));
      expect(ends.get(0)).toEqual({ start: 0, end: 1 });
      expect(ends.get(1)).toEqual({ start: 0, end: 2 });
      expect(ends.get(2)).toEqual({ start: 0, end: 0 });
      const slice = await log.reader.read(log.topic, 1, 0, READ);
      expect(slice).toMatchObject({ highWatermark: 2, logStartOffset: 0, nextOffset: 2 });
    });

    test("gives nothing behind the start of an open transaction, and tells both ends", async () => {
      await log.appender.append(log.topic, [record(0, "a", "before")]);
      const commit = await log.openTransaction(record(0, "b", "within"));
      await log.appender.append(log.topic, [record(0, "c", "behind"), record(1, "d", "elsewhere")]);

      const slice = await log.reader.read(log.topic, 0, 0, READ);
      expect(slice.records.map(({ value }) => String(value))).toEqual(["before"]);
      expect(slice).toMatchObject({ nextOffset: 1, highWatermark: 3 });
      const held = await log.reader.read(log.topic, 0, 1, { ...READ, waitMs: 100 });
      expect(held).toMatchObject({ records: [], nextOffset: 1 });
      const ends = await log.reader.ends(log.topic);
      expect([ends.get(0), ends.get(1)]).toEqual([
        { start: 0, end: 3 },
        { start: 0, end: 1 },
      ]);
      const readable = await log.reader.ends(log.topic, "readable");
      expect([readable.get(0), readable.get(1)]).toEqual([
        { start: 0, end: 1 },
        { start: 0, end: 1 },
      ]);

      await commit();
      expect((await readAll(log, 0)).map(({ value }) => String(value))).toEqual([
        "before",
        "within",
        "behind",
      ]);
      expect(await log.reader.ends(log.topic, "readable")).toEqual(await log.reader.ends(log.topic));
    });

    test("waits at the end for as long as asked, and not longer", async () => {
      const begun = performance.now();
      const slice = await log.reader.read(log.topic, 0, 0, { ...READ, waitMs: 300 });
      const tookMs = performance.now() - begun;
      expect(slice).toMatchObject({ records: [], nextOffset: 0, highWatermark: 0 });
      expect(tookMs).toBeGreaterThanOrEqual(290);
      expect(tookMs).toBeLessThan(1500);
    });

    test("ends its waiting when a record comes", async () => {
      // The first read of a reader also opens its connections.
      await log.reader.ends(log.topic);
      const begun = performance.now();
      const waiting = log.reader.readMany(
        log.topic,
        new Map([
          [0, 0],
          [1, 0],
        ]),
        { ...READ, waitMs: 10_000 },
      );
      await log.appender.append(log.topic, [record(1, "a", "late")]);
      const slices = await waiting;
      expect(slices.get(1)?.records.map(({ value }) => String(value))).toEqual(["late"]);
      expect(performance.now() - begun).toBeLessThan(5000);
    });

    test("refuses offsets before the start and past the end, and says what there is", async () => {
      await log.appender.append(log.topic, [record(0, "a", "1"), record(0, "a", "2"), record(0, "a", "3")]);
      await log.truncateBefore(0, 2);
      await expect(log.reader.read(log.topic, 0, 4, READ)).rejects.toMatchObject(outOfRange(4, 2, 3));
      await expect(log.reader.read(log.topic, 0, 1, READ)).rejects.toMatchObject(outOfRange(1, 2, 3));
      await expect(log.reader.read(log.topic, 0, 4, READ)).rejects.toBeInstanceOf(OffsetOutOfRangeError);
      expect((await log.reader.read(log.topic, 0, 2, READ)).logStartOffset).toBe(2);
    });

    test("tells when a record was appended, and nothing past the end", async () => {
      await log.appender.append(log.topic, [record(0, "a", "1"), record(0, "a", "2")]);
      const [, second] = await readAll(log, 0);
      expect(await log.reader.appendedAt(log.topic, 0, 1)).toBe(second?.appendedAtMs);
      expect(await log.reader.appendedAt(log.topic, 0, 2)).toBeUndefined();
    });

    test("hands out a record that is larger than the bytes asked for", async () => {
      const value = Buffer.alloc(log.recordBytesMax - 1000, 7);
      await log.appender.append(log.topic, [{ partition: 0, key: null, value }, record(0, "a", "next")]);
      const slice = await log.reader.read(log.topic, 0, 0, { bytesMax: 100, waitMs: 1000 });
      expect(slice.records[0]?.value?.equals(value)).toBe(true);
      expect(await readAll(log, 0, 100)).toHaveLength(2);
    });

    test("refuses records above the topic's limit, names them, and takes all others in order", async () => {
      const value = Buffer.alloc(log.recordBytesMax + 1);
      const large = [0, 1, 0].map((partition) => ({ partition, key: null, value }));
      const small = ["1", "2", "3", "4"].map((text) => record(0, "a", text));
      const appending = log.appender.append(log.topic, [
        ...small.slice(0, 2),
        ...large.slice(0, 2),
        ...small.slice(2, 3),
        ...large.slice(2),
        record(1, "b", "5"),
      ]);
      const error = await appending.catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(RecordTooLargeError);
      const { refused, recordBytes } = error as RecordTooLargeError;
      expect(recordBytes).toBe(value.length);
      expect(new Set(refused)).toEqual(new Set(large));
      expect(refused.every((record) => large.includes(record as (typeof large)[number]))).toBe(true);
      await log.appender.append(log.topic, small.slice(3));
      expect((await readAll(log, 0)).map((found) => String(found.value))).toEqual(["1", "2", "3", "4"]);
      expect((await readAll(log, 1)).map((found) => String(found.value))).toEqual(["5"]);
    });

    test("names a topic or partition that does not exist", async () => {
      const missing = `${log.topic}.missing`;
      await expect(log.reader.ends(missing)).rejects.toBeInstanceOf(UnknownTopicError);
      await expect(log.reader.read(log.topic, 99, 0, READ)).rejects.toBeInstanceOf(UnknownTopicError);
      await expect(log.appender.append(missing, [record(0, "a", "1")])).rejects.toBeInstanceOf(
        UnknownTopicError,
      );
      await expect(log.appender.append(log.topic, [record(99, "a", "1")])).rejects.toBeInstanceOf(
        UnknownTopicError,
      );
    });

    test("brings 10,000 records through, each once", async () => {
      const records = Array.from({ length: 10_000 }, (_, index) =>
        record(index % log.partitions, `user-${index % 50}`, `value ${index} ${"x".repeat(index % 100)}`),
      );
      await log.appender.append(log.topic, records);
      for (let partition = 0; partition < log.partitions; partition++) {
        const wanted = records.filter((candidate) => candidate.partition === partition).map(contentOf);
        expect((await readAll(log, partition, 64 * 1024)).map(contentOf)).toEqual(wanted);
      }
    });
  });
}

/** All records of a partition up to where it ends now. */
export async function readAll(
  log: Pick<LogUnderTest, "reader" | "topic">,
  partition: number,
  bytesMax: number = READ.bytesMax,
): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  const bounds = (await log.reader.ends(log.topic)).get(partition);
  let position = bounds?.start ?? 0;
  for (let reads = 0; reads < READS_MAX && position < (bounds?.end ?? 0); reads++) {
    const slice = await log.reader.read(log.topic, partition, position, { ...READ, bytesMax });
    records.push(...slice.records);
    position = slice.nextOffset;
  }
  return records;
}

export function record(partition: number, key: string, value: string): AppendRecord<Buffer> {
  return { partition, key: Buffer.from(key), value: Buffer.from(value) };
}

const allBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

function contentOf(content: Omit<AppendRecord, "partition">): unknown {
  const headers = Object.entries(content.headers ?? {}).map(([name, value]) => [name, value.toString("hex")]);
  return [hexOf(content.key), hexOf(content.value), headers];
}

function hexOf(bytes: AppendBytes | null): string | null {
  return bytes === null ? null : bufferOf(bytes).toString("hex");
}

function outOfRange(offset: number, start: number, end: number): object {
  return { name: "OffsetOutOfRangeError", partition: 0, offset, start, end };
}
