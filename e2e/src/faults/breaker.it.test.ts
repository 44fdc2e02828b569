import { afterEach, describe, expect, it, jest } from "@jest/globals";
import type { AppendRecord } from "@lastknown/shared";
import { appendRecords } from "../harness/append-records.js";
import { lastWordsOf } from "../harness/last-words.js";
import { listedLetters } from "../harness/listed-letters.js";
import { requiredEnvironment, TestFleet } from "../harness/test-fleet.js";
import { complaintsAbout, readTopic } from "../oracle/index.js";
import { sampleFile } from "./sample-file.js";

jest.setTimeout(180_000);

const PARTITIONS = 2;
/** What docs/exit-codes.md says of each start, by the row of a partition and by the share alike. */
const LETTERS_OF_A_START_MAX = 100;
const BAD = 300;

describe("too many records that are no events", () => {
  let fleet: TestFleet;
  afterEach(() => fleet?.close());

  const eventsTopic = (): string => `${fleet.name}.events`;
  const createWithRows = async (rows: number, environment: NodeJS.ProcessEnv): Promise<void> => {
    fleet = await TestFleet.create({ prefix: "breaker", partitions: PARTITIONS, environment });
    await fleet.replay(await sampleFile(fleet.folder, { users: 20, rows, seed: 41 }));
  };
  /** Of two reasons in turn. */
  const badRecord = (index: number, partition: number): AppendRecord => {
    return { partition, key: index % 2 === 0 ? null : Buffer.alloc(0), value: Buffer.from(`bad ${index}`) };
  };

  const lastWordsOfAStart = (): Promise<string> =>
    lastWordsOf(fleet.start(["consume", "--operations-port", "0"]));
  /** Where the records of all letters stood; no letter is there twice. */
  const sources = async (): Promise<string[]> => {
    const found = (await listedLetters(fleet)).map(({ source }) => source);
    expect(new Set(found).size).toBe(found.length);
    return found;
  };

  it("in a row in a partition end each worker, which tells how many; each start sends a part, nothing twice", async () => {
    await createWithRows(100, {
      LASTKNOWN_WORKER_BATCH_RECORDS_MAX: "40",
      LASTKNOWN_WORKER_DEAD_LETTERS_PERCENT_MAX: "100",
    });
    const firstBad = (await fleet.untilLag(() => true)).partitions[0]?.end ?? Number.NaN;
    await appendRecords(
      eventsTopic(),
      Array.from({ length: BAD }, (_, index) => badRecord(index, 0)),
    );

    let lettered = 0;
    for (const _start of ["first", "second"]) {
      const said = await lastWordsOfAStart();
      const last = firstBad + lettered + LETTERS_OF_A_START_MAX;
      expect(said).toContain(`101 records in a row were rejected in partition 0, up to offset ${last}`);
      expect(said).toMatch(/5[01] null_key, 5[01] illegal_user|5[01] illegal_user, 5[01] null_key/);
      expect(said).toContain("--worker-dead-letters-in-row-max");
      const found = await sources();
      expect(found.length).toBeGreaterThan(lettered);
      expect(found.length).toBeLessThanOrEqual(lettered + LETTERS_OF_A_START_MAX);
      lettered = found.length;
    }

    await fleet.startWorker({ LASTKNOWN_WORKER_DEAD_LETTERS_IN_ROW_MAX: String(BAD) });
    await fleet.caughtUp();
    const bad = Array.from({ length: BAD }, (_, index) => `${eventsTopic()}/0/${firstBad + index}`);
    expect((await sources()).toSorted()).toEqual(bad.toSorted());
  });

  it("among good ones, more than a percent of a minute's, end each worker; nothing is done twice", async () => {
    await createWithRows(600, { LASTKNOWN_WORKER_BATCH_RECORDS_MAX: "100" });
    const good = await readTopic({
      brokers: requiredEnvironment("LASTKNOWN_KAFKA_BROKERS"),
      topic: eventsTopic(),
    });
    const mixed = good.flatMap(({ partition, key, value }, index) => {
      const again = { partition, key, value };
      return index % 2 === 0 ? [again, badRecord(index / 2, partition)] : [again];
    });
    await appendRecords(eventsTopic(), mixed);

    let lettered = 0;
    for (const _start of ["first", "second"]) {
      const said = await lastWordsOfAStart();
      const [, letters, records, nullKeys, illegalUsers] = (
        /(\d+) of the (\d+) records of the last 60 s were rejected, more than 1 % \((\d+) null_key, (\d+) illegal_user;/.exec(
          said,
        ) ?? []
      ).map(Number);
      expect(letters).toBeGreaterThanOrEqual(LETTERS_OF_A_START_MAX);
      expect(records).toBeGreaterThan(letters ?? 0);
      expect((nullKeys ?? 0) + (illegalUsers ?? 0)).toBe(letters);
      expect(said).toContain("--worker-dead-letters-percent-max");
      const found = await sources();
      expect(found.length).toBeGreaterThan(lettered);
      expect(found.length).toBeLessThan(lettered + LETTERS_OF_A_START_MAX);
      lettered = found.length;
    }

    await fleet.startWorker({ LASTKNOWN_WORKER_DEAD_LETTERS_PERCENT_MAX: "100" });
    await fleet.caughtUp();
    expect(await sources()).toHaveLength(BAD);
    expect(complaintsAbout(await fleet.judge({ doublesAllowed: false }))).toEqual([]);
  });
});
