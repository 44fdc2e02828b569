import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
  bodyOf,
  decodeEventHead,
  exitCodes,
  KafkaUnavailableError,
  MemoryLog,
  MemorySchemaRegistry,
  silentLogger,
  type Appender,
} from "@lastknown/shared";
import type { Clock } from "../schedule/clock.js";
import type { ReplayDependencies } from "./replay-dependencies.js";
import type { ReplayOptions } from "./replay-options.js";
import { runReplay } from "./replay.js";

const TOPIC = "t.events";
const PARTITIONS = 3;

/** Sleeping takes no time but lets files be written meanwhile. */
class FastClock implements Clock {
  #ms = 0;
  monotonicMs = (): number => this.#ms;
  wallMs = (): number => this.#ms;
  sleep = async (ms: number): Promise<void> => {
    this.#ms += ms;
    await new Promise((resolve) => setTimeout(resolve, 1));
  };
}

/** Takes so many appends, then no more. */
function dyingAppender(log: MemoryLog, appends: number): Appender {
  let left = appends;
  return {
    append: async (topic, records) => {
      if (left-- <= 0) throw new KafkaUnavailableError(["memory"], "take the records");
      await log.append(topic, records);
    },
    close: () => Promise.resolve(),
  };
}

describe("a replay with a checkpoint", () => {
  let directory: string;
  let log: MemoryLog;
  const registry = new MemorySchemaRegistry();
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "checkpoint-"));
    log = new MemoryLog({ topics: { [TOPIC]: PARTITIONS } });
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function run(appender: Appender, options: Partial<ReplayOptions> = {}, signal?: AbortSignal) {
    const target = { appender, registry, topic: TOPIC, subject: "t", partitions: PARTITIONS };
    const dependencies: ReplayDependencies = { target, logger: silentLogger, clock: new FastClock(), signal };
    const file = join(directory, "rows.csv");
    return runReplay({ file, checkpoint: join(directory, "checkpoint"), speed: 1, ...options }, dependencies);
  }

  /** Row by row a second apart, shuffled: line n of user n % 3 happened at second `order[n]`. */
  function writeRows(order: readonly number[]): void {
    const rows = order.map((second) => `u${second % 3},${second}`);
    writeFileSync(join(directory, "rows.csv"), ["user_id,ts", ...rows].join("\n"));
  }

  /** What kill -9 does: the last save did not happen yet. */
  function forgetRows(unsaved: number): void {
    const path = join(directory, "checkpoint");
    const stored = JSON.parse(readFileSync(path, "utf8")) as { rowsDone: number };
    writeFileSync(path, JSON.stringify({ ...stored, rowsDone: Math.max(0, stored.rowsDone - unsaved) }));
  }

  async function seconds(partition: number): Promise<number[]> {
    const { records } = await log.read(TOPIC, partition, 0, { bytesMax: 1e9, waitMs: 0 });
    return records.map(({ value }) => decodeEventHead(bodyOf(value as Buffer)).sts / 1_000_000);
  }

  it("goes on wherever it died: every row is there, and the last time each is in order", async () => {
    const shuffled = fc.shuffledSubarray(
      Array.from({ length: 14 }, (_, index) => index),
      { minLength: 14 },
    );
    const death = fc.record({ appends: fc.nat(13), unsaved: fc.nat(4) });
    await fc.assert(
      fc.asyncProperty(shuffled, fc.array(death, { maxLength: 3 }), async (order, deaths) => {
        rmSync(join(directory, "checkpoint"), { force: true });
        log.createTopic(TOPIC, PARTITIONS);
        writeRows(order);
        for (const { appends, unsaved } of deaths) {
          const outcome = await run(dyingAppender(log, appends)).catch((error: unknown) => error);
          if (!(outcome instanceof Error)) break;
          expect(outcome).toBeInstanceOf(KafkaUnavailableError);
          forgetRows(unsaved);
        }
        const summary = await run(log);
        expect(summary.resumed + summary.published).toBe(order.length);
        const found = (await Promise.all([0, 1, 2].map(seconds))).flat();
        expect(new Set(found).size).toBe(order.length);
        for (const partition of [0, 1, 2]) {
          const sent = await seconds(partition);
          const lastTimes = sent.filter((second, index) => sent.lastIndexOf(second) === index);
          expect(lastTimes).toEqual(lastTimes.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it("sends nothing twice when it was stopped in order, and nothing when all is done", async () => {
    writeRows([0, 1, 2, 3, 4, 5]);
    const stop = new AbortController();
    const stopping: Appender = {
      append: async (topic, records) => {
        await log.append(topic, records);
        const { end } = (await log.ends(TOPIC)).get(0) ?? { end: 0 };
        if (end > 0) stop.abort();
      },
      close: () => Promise.resolve(),
    };
    const first = await run(stopping, {}, stop.signal);
    expect(first).toMatchObject({ interrupted: true });
    expect(first.published).toBeLessThan(6);
    expect(await run(log)).toMatchObject({ resumed: first.published, published: 6 - first.published });
    expect(await run(log)).toMatchObject({ resumed: 6, published: 0 });
  });

  it("tells the whole file's figures also when all is done, whatever the limit", async () => {
    writeRows([0, 1, 2, 3, 3]);
    const figures = { users: 3, late: 0, duplicates: 1, ties: 1, countsExact: true };
    expect(await run(log)).toMatchObject({ published: 5, ...figures });
    expect(await run(log)).toMatchObject({ resumed: 5, published: 0, ...figures });
    expect(await run(log, { limit: 2 })).toMatchObject({ resumed: 5, published: 0, ...figures });
  });

  it("calls figures lower bounds where it passed over turns that were sent before", async () => {
    writeRows([0, 1, 2]);
    await run(log, { turns: 2 });
    expect(await run(log, { turns: 3 })).toMatchObject({ resumed: 6, published: 3, countsExact: false });
  });

  it("goes on within a later turn of the file", async () => {
    writeRows([0, 1, 2]);
    await expect(run(dyingAppender(log, 5), { turns: 3 })).rejects.toThrow(KafkaUnavailableError);
    const { published, resumed } = await run(log, { turns: 3 });
    expect(resumed + published).toBe(9);
    // The last row of a turn shares its moment, and so its append, with the first of the next.
    expect(resumed).toBe(7);
  });

  it("keeps to a limit over all turns and all runs", async () => {
    writeRows([0, 1]);
    const options = { turns: 10, limit: 5 };
    expect(await run(log, options)).toMatchObject({ resumed: 0, published: 5 });
    expect(await run(log, options)).toMatchObject({ resumed: 5, published: 0 });
    expect(await run(log, { ...options, limit: 7 })).toMatchObject({ resumed: 5, published: 2 });
    expect((await Promise.all([0, 1, 2].map(seconds))).flat()).toHaveLength(7);
  });

  it("leaves alone what is named like it, its own input too", async () => {
    writeRows([0, 1, 2]);
    const file = join(directory, "checkpoint.tmp");
    renameSync(join(directory, "rows.csv"), file);
    expect(await run(log, { file })).toMatchObject({ published: 3 });
    expect(readdirSync(directory).toSorted()).toEqual(["checkpoint", "checkpoint.tmp"]);
  });

  it("refuses to go on with another file, with other options, or from what is no checkpoint", async () => {
    writeRows([0, 1, 2]);
    await run(log);
    await expect(run(log, { notIdentity: [], types: {}, timeUnit: "s" })).rejects.toMatchObject({
      exitCode: exitCodes.usage,
      message: expect.stringContaining("other options"),
    });
    writeRows([2, 1, 0]);
    await expect(run(log)).rejects.toMatchObject({
      exitCode: exitCodes.usage,
      message: expect.stringContaining("another file"),
    });
    writeFileSync(join(directory, "checkpoint"), "{");
    await expect(run(log)).rejects.toMatchObject({ exitCode: exitCodes.usage });
    expect(readFileSync(join(directory, "checkpoint"), "utf8")).toBe("{");
  });

  it("tells again of the rows that its topic found too large, and sends none of them", async () => {
    log = new MemoryLog({ topics: { [TOPIC]: PARTITIONS }, recordBytesMax: 500 });
    const rows = Array.from({ length: 20 }, (_, index) => {
      const time = new Date(Date.UTC(2024, 2, 10, 6, 0, index)).toISOString();
      return `bus,${time},${index % 4 === 3 ? "x".repeat(1000) : "short"}`;
    });
    const file = join(directory, "rows.csv");
    writeFileSync(file, ["user_id,time_stamp,note", ...rows, ""].join("\n"));
    const options = { checkpoint: join(directory, "cp"), rejects: join(directory, "rejects.csv"), turns: 2 };
    const linesIn = (): string[] =>
      readFileSync(options.rejects, "utf8")
        .split("\n")
        .slice(1, -1)
        .map((line) => line.split(",", 2).join(" "));
    const refused = [5, 9, 13, 17, 21].map((line) => `${line} too-large`);
    for (const earlier of [false, true]) {
      const { exitCode, rejected } = await run(log, options);
      expect(exitCode).toBe(exitCodes.rejected);
      expect(new Set(linesIn())).toEqual(new Set(refused));
      expect(rejected).toBeGreaterThanOrEqual(earlier ? 5 : 10);
    }
    const ends = await log.ends(TOPIC);
    expect([...ends.values()].reduce((sum, { end }) => sum + end, 0)).toBe(30);
  });
});
