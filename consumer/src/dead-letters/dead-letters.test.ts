import { describe, expect, test } from "@jest/globals";
import { MemoryLog, RecordTooLargeError, silentLogger } from "@lastknown/shared";
import type { Rejection } from "../arrivals/rejection.js";
import { Patience } from "../faults/patience.js";
import { CUT } from "./dead-letter-record.js";
import { DeadLetters } from "./dead-letters.js";

const TOPIC = "f.dead";
const never = new AbortController().signal;

/** A topic of two partitions that takes records up to this size. */
function deadLettersIn(recordBytesMax: number): { log: MemoryLog; deadLetters: DeadLetters } {
  const log = new MemoryLog({ topics: { [TOPIC]: 2 }, recordBytesMax });
  const patience = new Patience({ delayMs: 1, delayMaxMs: 2, logger: silentLogger });
  const options = { appender: log, topic: TOPIC, eventsTopic: "f.events", patience, logger: silentLogger };
  return { log, deadLetters: new DeadLetters(options) };
}

function rejectionOf(partition: number, offset: number, valueBytes: number): Rejection {
  const record = { offset, appendedAtMs: 17, key: null, value: Buffer.alloc(valueBytes, "v"), headers: {} };
  return { kind: "rejected", partition, record, reason: "null_key", error: "no key", read: {} };
}

/** Of each letter the offset of its record, by which they are sorted, and how much of the value it keeps. */
async function lettersIn(log: MemoryLog, partition: number): Promise<(number | undefined)[][]> {
  const { records } = await log.read(TOPIC, partition, 0, { bytesMax: 1 << 30, waitMs: 0 });
  return records
    .map(({ headers, value }) => [Number(headers["offset"]), value?.length])
    .sort(([a = 0], [b = 0]) => a - b);
}

describe("dead letters", () => {
  test("are cut where the topic does not take them whole; every other stands once and whole", async () => {
    const { log, deadLetters } = deadLettersIn(50_000);
    const [large, whole, tooLarge] = [20_000, 30_000, 60_000];
    const rejections = [
      rejectionOf(0, 1, whole),
      rejectionOf(0, 2, tooLarge),
      rejectionOf(0, 3, large),
      rejectionOf(0, 4, tooLarge),
      rejectionOf(1, 8, whole),
      rejectionOf(1, 9, tooLarge),
    ];
    await deadLetters.send(rejections, never);
    const cut = CUT.valueBytesMax;
    expect(await lettersIn(log, 0)).toEqual([
      [1, whole],
      [2, cut],
      [3, large],
      [4, cut],
    ]);
    expect(await lettersIn(log, 1)).toEqual([
      [8, whole],
      [9, cut],
    ]);
  });

  test("lack what cannot be written of a record, rather than hold up the others", async () => {
    const { log, deadLetters } = deadLettersIn(50_000);
    const odd = rejectionOf(0, 1, 10);
    const headers = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new TypeError("unforeseen");
        },
      },
    );
    await deadLetters.send([{ ...odd, record: { ...odd.record, headers } }, rejectionOf(0, 2, 20)], never);
    expect(await lettersIn(log, 0)).toEqual([
      [1, 10],
      [2, 20],
    ]);
  });

  test("can be cut also where the event's user is longer than any user id", async () => {
    const { log, deadLetters } = deadLettersIn(50_000);
    const read = { user: "u".repeat(45_000) };
    await deadLetters.send([{ ...rejectionOf(0, 1, 60_000), reason: "key_mismatch", read }], never);
    expect(await lettersIn(log, 0)).toEqual([[1, CUT.valueBytesMax]]);
  });

  test("end in an error where the topic takes not even a cut one", async () => {
    const { deadLetters } = deadLettersIn(10_000);
    await expect(deadLetters.send([rejectionOf(0, 1, 60_000)], never)).rejects.toBeInstanceOf(
      RecordTooLargeError,
    );
  });
});
