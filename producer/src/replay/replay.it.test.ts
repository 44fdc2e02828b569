import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  bodyOf,
  ConfluentSchemaRegistry,
  decodeEvent,
  exitCodes,
  KafkaAdmin,
  KafkaAppender,
  KafkaLogReader,
  KafkaUnavailableError,
  loadSettings,
  parseEventSchema,
  silentLogger,
  UnknownTopicError,
  unframe,
  type Event,
  type EventSchema,
  type SchemaRegistry,
} from "@lastknown/shared";
import { OvertakenRegistry } from "./overtaken-registry-for-test.js";
import type { ReplayOptions } from "./replay-options.js";
import { runReplay } from "./replay.js";

const PARTITIONS = 4;
const BUILT_PRODUCER = new URL("../../dist/index.js", import.meta.url);

/** Replays argv's file in a process of its own, which a test can kill. */
const CHILD = `
  const { runReplay } = await import(${JSON.stringify(BUILT_PRODUCER.href)});
  const { ConfluentSchemaRegistry, KafkaAppender, loadSettings, silentLogger } = await import("@lastknown/shared");
  const [topic, file, checkpoint] = process.argv.slice(1);
  const settings = loadSettings();
  const appender = new KafkaAppender({ settings: settings.kafka, logger: silentLogger });
  const registry = new ConfluentSchemaRegistry(settings.registry);
  const target = { appender, registry, topic, subject: topic + "-value", partitions: ${PARTITIONS} };
  await runReplay({ file, checkpoint, rate: 2000 }, { target, logger: silentLogger });
  await appender.close();
`;

describe("a replay onto the real log", () => {
  const settings = loadSettings();
  const connection = { settings: settings.kafka, logger: silentLogger };
  const admin = new KafkaAdmin(connection);
  const appender = new KafkaAppender(connection);
  const reader = new KafkaLogReader(connection);
  const registry = new ConfluentSchemaRegistry(settings.registry);
  const topics: string[] = [];
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "replay-"));
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true });
    await admin.deleteTopics(topics);
    await Promise.all([admin.close(), appender.close(), reader.close()]);
  });

  async function newTopic(more: Record<string, string> = {}): Promise<string> {
    const topic = `replay-${randomUUID()}.events`;
    const configuration = { "message.timestamp.type": "LogAppendTime", ...more };
    await admin.createTopics([{ topic, partitions: PARTITIONS, replicationFactor: 1, configuration }]);
    topics.push(topic);
    return topic;
  }

  function file(content: string | Buffer): string {
    const path = join(directory, randomUUID());
    writeFileSync(path, content);
    return path;
  }

  function replay(topic: string, content: string | Buffer, options: Partial<ReplayOptions> = {}) {
    const target = { appender, registry, topic, subject: `${topic}-value`, partitions: PARTITIONS };
    return runReplay({ file: file(content), speed: "max", ...options }, { target, logger: silentLogger });
  }

  /** All events, each partition in its own order, and the ids of the schemas that wrote them. */
  async function read(topic: string): Promise<{ events: Event[]; schemaIds: number[] }> {
    const events: Event[] = [];
    const schemas = new Map<number, EventSchema>();
    const schemaOf = async (schemaId: number): Promise<EventSchema> => {
      const schema = schemas.get(schemaId) ?? parseEventSchema(await registry.textById(schemaId));
      schemas.set(schemaId, schema);
      return schema;
    };
    for (const [partition, { end }] of await reader.ends(topic)) {
      for (let offset = 0; offset < end;) {
        const slice = await reader.read(topic, partition, offset, { bytesMax: 1_000_000, waitMs: 500 });
        for (const { value } of slice.records) {
          const { schemaId } = unframe(value as Buffer) as { schemaId: number };
          events.push(decodeEvent(await schemaOf(schemaId), bodyOf(value as Buffer)));
        }
        offset = slice.nextOffset;
      }
    }
    return { events, schemaIds: [...schemas.keys()] };
  }

  it("puts two schema versions into one topic: an added column, and one that had no values", async () => {
    const topic = await newTopic();
    await replay(topic, "user_id,ts,empty,battery (%)\na,1,,7\n");
    await replay(topic, gzipSync("user_id,ts,empty,battery (%),added\na,2,x,8,true\n"));
    const { events, schemaIds } = await read(topic);
    expect(events.map(({ attributes }) => ({ ...attributes }))).toEqual([
      { "battery (%)": 7 },
      { empty: "x", "battery (%)": 8, added: true },
    ]);
    expect(schemaIds).toHaveLength(2);
  });

  it("rejects what the topic finds too large, and sends all else", async () => {
    const topic = await newTopic({ "max.message.bytes": "65536" });
    const rows = Array.from({ length: 3000 }, (_, index) => {
      return `u${index % 50},${1_700_000_000 + index},${"x".repeat(index % 1000 === 7 ? 70_000 : 100)}`;
    });
    const summary = await replay(topic, ["user_id,ts,text", ...rows].join("\n"));
    expect(summary).toMatchObject({
      published: 2997,
      rejectedByReason: { "too-large": 3 },
      rejectedExamples: [{ line: 9 }, { line: 1009 }, { line: 2009 }],
      exitCode: exitCodes.rejected,
    });
    expect((await read(topic)).events).toHaveLength(2997);
  });

  it("refuses a column that changed its type", async () => {
    const topic = await newTopic();
    await replay(topic, "user_id,ts,n\na,1,7\n");
    await expect(replay(topic, "user_id,ts,n\na,2,seven\n")).rejects.toMatchObject({
      exitCode: exitCodes.usage,
    });
    expect((await read(topic)).events).toHaveLength(1);
  });

  it("leaves nothing out when it is killed in the middle and started again", async () => {
    const topic = await newTopic();
    const rowCount = 12_000;
    const rows = Array.from({ length: rowCount }, (_, index) => `u${index % 50},${1_700_000_000 + index}`);
    const path = file(["user_id,ts", ...rows.toReversed()].join("\n"));
    const checkpoint = join(directory, "checkpoint");
    for (let kill = 0; kill < 2; kill++) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", CHILD, topic, path, checkpoint], {
        stdio: "ignore",
      });
      const ended = once(child, "exit");
      const before = existsSync(checkpoint) ? readFileSync(checkpoint, "utf8") : "";
      for (let waits = 0; waits < 600; waits++) {
        const rowsDone = existsSync(checkpoint) && readFileSync(checkpoint, "utf8") !== before;
        if (rowsDone || child.exitCode !== null) break;
        await sleep(50);
      }
      child.kill("SIGKILL");
      expect(await ended).toEqual([null, "SIGKILL"]);
    }
    const target = { appender, registry, topic, subject: `${topic}-value`, partitions: PARTITIONS };
    const summary = await runReplay(
      { file: path, checkpoint, speed: "max" },
      { target, logger: silentLogger },
    );
    expect(summary.resumed).toBeGreaterThan(0);
    expect(summary.published).toBe(rowCount - summary.resumed);
    const { events } = await read(topic);
    expect(new Set(events.map(({ sts }) => sts)).size).toBe(rowCount);
  }, 120_000);

  it("orders a shuffled file of 300,000 rows in little memory", async () => {
    const rowCount = 300_000;
    const lines = ["user_id,ts,text"];
    // 7919 is prime to the count, so this passes each second once.
    for (let index = 0; index < rowCount; index++) {
      const second = (index * 7919) % rowCount;
      lines.push(`u${second % 97},${1_600_000_000 + second},${"x".repeat(40)}`);
    }
    const content = lines.join("\n");
    const topic = await newTopic();
    const target = { appender, registry, topic, subject: `${topic}-value`, partitions: PARTITIONS };
    const options = { file: file(content), speed: "max", sortMemoryBytes: 4 * 1024 * 1024 } as const;
    const summary = await runReplay({ ...options, limit: 20_000 }, { target, logger: silentLogger });
    expect(summary).toMatchObject({ rows: rowCount, published: 20_000, late: 0 });
    expect(summary.spilledBytes).toBeGreaterThan(content.length / 2);
    const { events } = await read(topic);
    const found = events.map(({ sts }) => sts / 1_000_000).toSorted((a, b) => a - b);
    expect([found[0], found.at(-1), found.length]).toEqual([1_600_000_000, 1_600_019_999, 20_000]);
  }, 120_000);

  it("says that the topic is missing and how to make it", async () => {
    await expect(replay(`replay-${randomUUID()}.events`, "user_id,ts\na,1\n")).rejects.toThrow(
      UnknownTopicError,
    );
  }, 60_000);

  it("gives up in bounded time when no broker or no registry answers", async () => {
    const nowhere = { ...settings.kafka, brokers: ["127.0.0.1:1"], connectTimeoutMs: 500 };
    const dead = new KafkaAppender({ settings: nowhere, logger: silentLogger });
    const topic = `replay-${randomUUID()}.events`;
    const target = { appender: dead, registry, topic, subject: `${topic}-value`, partitions: PARTITIONS };
    const path = file("user_id,ts\na,1\n");
    const run = (changed: object) =>
      runReplay({ file: path, speed: "max" }, { target: { ...target, ...changed }, logger: silentLogger });
    await expect(run({})).rejects.toThrow(KafkaUnavailableError);
    const deaf = new ConfluentSchemaRegistry({ ...settings.registry, url: "http://127.0.0.1:1" });
    await expect(run({ registry: deaf })).rejects.toMatchObject({ exitCode: exitCodes.unreachable });
    await dead.close();
  }, 90_000);

  it("takes the type that another replay gives to a new column at the same moment", async () => {
    const [topic, first, second] = [await newTopic(), join(directory, "first"), join(directory, "second")];
    writeFileSync(first, "user,ts,level\nu,1,high\n");
    writeFileSync(second, "user,ts,level,speed\nu,2,1,5\n");
    const to = (through: SchemaRegistry) => ({
      target: { appender, registry: through, topic, subject: `${topic}-value`, partitions: PARTITIONS },
      logger: silentLogger,
    });
    const overtaken = new OvertakenRegistry(registry, async (registration) => {
      if (registration === 1) await runReplay({ file: first, speed: "max" }, to(registry));
    });
    const summary = await runReplay({ file: second, speed: "max" }, to(overtaken));
    expect(summary).toMatchObject({ published: 1, rejected: 0, exitCode: exitCodes.done });
    expect(overtaken.registrations).toBe(2);
    const latest = parseEventSchema((await registry.latest(`${topic}-value`))?.text ?? "");
    expect(latest.columns).toMatchObject([
      { header: "level", type: "string" },
      { header: "speed", type: "double" },
    ]);
  });
});
