import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeEach, describe, expect, it } from "@jest/globals";
import {
  bodyOf,
  decodeEvent,
  KafkaUnavailableError,
  MemoryLog,
  MemorySchemaRegistry,
  parseEventSchema,
  silentLogger,
  unframe,
  type Appender,
} from "@lastknown/shared";
import { runReplay } from "./replay.js";

const TOPIC = "t";

describe("a replay of standard input", () => {
  let log: MemoryLog;
  let registry: MemorySchemaRegistry;
  let stdin: PassThrough;
  beforeEach(() => {
    log = new MemoryLog({ topics: { [TOPIC]: 1 } });
    registry = new MemorySchemaRegistry();
    stdin = new PassThrough();
  });

  function start(signal?: AbortSignal) {
    const target = { appender: log, registry, topic: TOPIC, subject: "t", partitions: 1 };
    return runReplay({ file: "-", speed: "max" }, { target, logger: silentLogger, stdin, signal });
  }

  async function attributes(): Promise<unknown[]> {
    const { records } = await log.read(TOPIC, 0, 0, { bytesMax: 1e9, waitMs: 0 });
    const found: unknown[] = [];
    for (const { value } of records) {
      const { schemaId } = unframe(value as Buffer) as { schemaId: number };
      const event = decodeEvent(parseEventSchema(await registry.textById(schemaId)), bodyOf(value as Buffer));
      found.push({ ...event.attributes });
    }
    return found;
  }

  async function until(rows: number): Promise<void> {
    for (let waits = 0; waits < 200; waits++) {
      if ((await log.ends(TOPIC)).get(0)?.end === rows) return;
      await sleep(20);
    }
    throw new Error(`not ${rows} rows within the time`);
  }

  it("sends rows as they come, before the stream ends", async () => {
    const replay = start();
    stdin.write("user_id,ts,n,later\na,2,1,\n");
    await until(1);
    stdin.write("a,1,2,x\na,3,two,y\n");
    await until(2);
    stdin.end("b,4,3,z");
    const summary = await replay;
    expect(summary).toMatchObject({
      rows: 4,
      published: 3,
      rejectedByReason: { type: 1 },
      late: 1,
      exitCode: 3,
    });
    expect(await attributes()).toEqual([{ n: 1 }, { n: 2, later: "x" }, { n: 3, later: "z" }]);
  });

  it("lets go of what it has read, before the stream ends", async () => {
    const replay = runReplay({ file: "-", dryRun: true }, { logger: silentLogger, stdin });
    stdin.write("user_id,ts\n");
    const chunks: WeakRef<Buffer>[] = [];
    for (let row = 1; row <= 20; row++) {
      const chunk = Buffer.from(`a,${row}\n`);
      chunks.push(new WeakRef(chunk));
      stdin.write(chunk);
      await sleep(1);
    }
    collectGarbage();
    expect(chunks.filter((chunk) => chunk.deref() !== undefined).length).toBeLessThan(5);
    stdin.end();
    expect(await replay).toMatchObject({ rows: 20 });
  });

  it("fails when an append fails, though no row comes any more", async () => {
    const appender: Appender = {
      append: () => Promise.reject(new KafkaUnavailableError(["memory"], "take the records")),
      close: () => Promise.resolve(),
    };
    const target = { appender, registry, topic: TOPIC, subject: "t", partitions: 1 };
    const replay = runReplay({ file: "-", speed: "max" }, { target, logger: silentLogger, stdin });
    stdin.write("user_id,ts\na,2\n");
    await expect(replay).rejects.toThrow(KafkaUnavailableError);
    expect(stdin.destroyed).toBe(true);
  });

  it("ends when it is asked to, though the stream goes on", async () => {
    const stop = new AbortController();
    const replay = start(stop.signal);
    stdin.write("user_id,ts\na,2\n");
    await until(1);
    stop.abort();
    expect(await replay).toMatchObject({ interrupted: true, published: 1 });
    expect(stdin.destroyed).toBe(true);
  });

  it("judges no half row and registers nothing when it is asked to end while it learns", async () => {
    const stop = new AbortController();
    const replay = start(stop.signal);
    stdin.write("user_id,ts,speed\na,1,5\nb,2,6\nc,3");
    while (stdin.readableLength > 0) await sleep(1);
    stop.abort();
    expect(await replay).toMatchObject({
      interrupted: true,
      rows: 2,
      rejected: 0,
      published: 0,
      schemaId: null,
    });
    expect(await registry.latest("t")).toBeUndefined();
  });
});

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
