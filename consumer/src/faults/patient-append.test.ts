import { expect, test } from "@jest/globals";
import {
  bufferOf,
  KafkaUnavailableError,
  RecordTooLargeError,
  silentLogger,
  type AppendRecord,
  type Appender,
} from "@lastknown/shared";
import { Patience } from "./patience.js";
import { appendPatiently } from "./patient-append.js";

const TOPIC = "audit";
const never = new AbortController().signal;
const patience = new Patience({ delayMs: 1, delayMaxMs: 2, logger: silentLogger });
const record = (partition: number, text: string): AppendRecord => ({
  partition,
  key: null,
  value: Buffer.from(text),
});

/** As KafkaAppender: each partition by itself, then the first failure. Partition 1 takes nothing for a while. */
function appenderWith(refusals: number, tooLarge: ReadonlySet<AppendRecord> = new Set()) {
  const taken: string[] = [];
  let refused = 0;
  const appender: Appender = {
    append: async (_topic, records) => {
      const isAway = refused < refusals && records.some(({ partition }) => partition === 1);
      if (isAway) refused++;
      for (const one of records)
        if (!tooLarge.has(one) && !(isAway && one.partition === 1))
          taken.push(String(one.value && bufferOf(one.value)));
      if (isAway) throw new KafkaUnavailableError(["test"], "take the records");
      const refusedNow = records.filter((one) => tooLarge.has(one));
      if (refusedNow.length > 0) throw new RecordTooLargeError(TOPIC, refusedNow);
      await Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  return {
    append: (records: AppendRecord[]) =>
      appendPatiently({ appender, topic: TOPIC, patience }, records, never),
    taken,
  };
}

test("what one partition has taken is appended once more at most, however long another one is away", async () => {
  const { append, taken } = appenderWith(20);
  expect(await append([record(0, "a"), record(1, "b"), record(0, "c"), record(2, "d")])).toEqual(new Set());
  expect(taken.toSorted()).toEqual(["a", "a", "b", "c", "c", "d", "d"]);
});

test("what is too large is told, and all else is there, also after a fault", async () => {
  const large = [record(0, "large 0"), record(1, "large 1")];
  const { append, taken } = appenderWith(3, new Set(large));
  expect(await append([record(0, "a"), ...large, record(1, "b")])).toEqual(new Set(large));
  expect([...new Set(taken)].toSorted()).toEqual(["a", "b"]);
});

test("an error that is no fault of a server is not waited out", async () => {
  const appender: Appender = {
    append: (_topic, records) =>
      records.some(({ partition }) => partition === 0)
        ? Promise.reject(new TypeError("nobody foresaw it"))
        : Promise.reject(new KafkaUnavailableError(["test"], "take the records")),
    close: () => Promise.resolve(),
  };
  const appended = appendPatiently(
    { appender, topic: TOPIC, patience },
    [record(1, "b"), record(0, "a")],
    never,
  );
  await expect(appended).rejects.toThrow("nobody foresaw it");
});
