import { describe, expect, it } from "@jest/globals";
import { RecordTooLargeError, type AppendRecord, type Appender } from "@lastknown/shared";
import { systemClock } from "../schedule/clock.js";
import { DriftHistogram } from "../schedule/drift-histogram.js";
import { Publisher } from "./publisher.js";

/** Each append waits until the test answers it. */
class HeldAppender implements Appender {
  readonly asked: {
    records: readonly AppendRecord[];
    acknowledge: () => void;
    fail: (error: Error) => void;
  }[] = [];
  append = (_topic: string, records: readonly AppendRecord[]): Promise<void> =>
    new Promise((resolve, reject) => this.asked.push({ records, acknowledge: resolve, fail: reject }));
  close = (): Promise<void> => Promise.resolve();
}

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the publisher", () => {
  function open() {
    const appender = new HeldAppender();
    const done: number[] = [];
    const refused: number[] = [];
    const drift = new DriftHistogram();
    const publisher = new Publisher({
      appender,
      topic: "t",
      clock: systemClock,
      drift,
      onDone: (batch) => {
        done.push(batch.position);
        refused.push(...batch.refused.map(({ position: row }) => row));
      },
    });
    let position = 0;
    const add = (row: { raw?: Buffer; plannedMs?: number } = {}): boolean => {
      const record = { partition: 0, key: Buffer.from("u"), value: Buffer.alloc(10) };
      const event = { eventId: "0".repeat(32), user: "u", timeStamp: 0, sts: 0, attributes: {} };
      const { raw = Buffer.alloc(10), plannedMs } = row;
      return publisher.add({ record, event, line: 2, raw, plannedMs, position: ++position });
    };
    return { appender, publisher, done, refused, drift, add };
  }

  it("holds the caller back when a slow log has not answered", async () => {
    const { appender, publisher, add } = open();
    for (let count = 0; count < 4; count++) {
      add();
      await publisher.flush();
    }
    add();
    let went = false;
    const flushed = publisher.flush().then(() => (went = true));
    await turnOfTheLoop();
    expect([appender.asked.length, went]).toEqual([4, false]);
    appender.asked[0]?.acknowledge();
    await flushed;
    expect(appender.asked.length).toBe(5);
  });

  it("asks for a flush before a batch is too large for one send", () => {
    const { add } = open();
    let count = 1;
    while (!add()) count++;
    expect(count).toBe(8000);
  });

  it("asks for a flush before the rows that it holds take much memory", () => {
    const { add } = open();
    const raw = Buffer.alloc(100_000);
    let count = 1;
    while (!add({ raw })) count++;
    expect(count).toBe(21);
  });

  it("calls rows done around one that is too large, and does not count when that one was planned", async () => {
    const { appender, publisher, done, refused, drift, add } = open();
    add({ plannedMs: 0 });
    await publisher.flush();
    add();
    await publisher.flush();
    const [first] = appender.asked[0]?.records ?? [];
    appender.asked[1]?.acknowledge();
    appender.asked[0]?.fail(new RecordTooLargeError("t", [first as AppendRecord]));
    await publisher.drain();
    expect([done, refused, drift.summary()]).toEqual([[1, 2], [1], undefined]);
  });

  it("fails where what became of a row cannot be written down", async () => {
    const appender = new HeldAppender();
    const publisher = new Publisher({
      appender,
      topic: "t",
      clock: systemClock,
      drift: new DriftHistogram(),
      onDone: () => {
        throw new Error("disk full");
      },
    });
    const record = { partition: 0, key: null, value: null };
    const event = { eventId: "0".repeat(32), user: "u", timeStamp: 0, sts: 0, attributes: {} };
    publisher.add({ record, event, line: 2, raw: Buffer.alloc(0), plannedMs: undefined, position: 1 });
    await publisher.flush();
    appender.asked[0]?.acknowledge();
    await expect(publisher.drain()).rejects.toThrow("disk full");
  });

  it("calls a row done only when all before it are acknowledged", async () => {
    const { appender, publisher, done, add } = open();
    for (let count = 0; count < 3; count++) {
      add();
      await publisher.flush();
    }
    appender.asked[2]?.acknowledge();
    appender.asked[1]?.acknowledge();
    await turnOfTheLoop();
    expect(done).toEqual([]);
    appender.asked[0]?.acknowledge();
    await publisher.drain();
    expect(done).toEqual([1, 2, 3]);
  });

  it("never calls rows behind a failed append done, and fails from then on", async () => {
    const { appender, publisher, done, add } = open();
    for (let count = 0; count < 3; count++) {
      add();
      await publisher.flush();
    }
    appender.asked[0]?.acknowledge();
    appender.asked[1]?.fail(new Error("gone"));
    await turnOfTheLoop();
    appender.asked[2]?.acknowledge();
    await expect(publisher.drain()).rejects.toThrow("gone");
    expect(done).toEqual([1]);
    add();
    await expect(publisher.flush()).rejects.toThrow("gone");
  });
});
