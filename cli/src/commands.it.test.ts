import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startWorker, type RunningWorker } from "@lastknown/consumer";
import {
  connectRedis,
  fleetNames,
  KafkaAdmin,
  KafkaAppender,
  partitionOf,
  RedisKeys,
  silentLogger,
} from "@lastknown/shared";
import { loadSettings } from "@lastknown/shared/settings";
import { runCommandLine } from "./command-line.js";

const BIN = fileURLToPath(new URL("../bin/lastknown.js", import.meta.url));
const PREFIX = `cli-${process.pid}-${Date.now().toString(36)}`;
const [FIRST, SECOND, REMADE] = [`${PREFIX}-a`, `${PREFIX}-b`, `${PREFIX}-c`];
const PARTITIONS = ["--partitions", "4"];
const ROWS = 1500;
const CAUGHT_UP_BOUND_MS = 60_000;
/** Nobody listens there, so no query service is asked. */
const NO_QUERY = ["--query-port", "1"];

interface Ran {
  readonly exitCode: number;
  readonly data: string;
  readonly messages: string;
}

async function run(...args: string[]): Promise<Ran> {
  const texts = ["", ""];
  const [data, messages] = [0, 1].map(
    (index) =>
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          texts[index] += chunk.toString();
          done();
        },
      }),
  ) as [Writable, Writable];
  const exitCode = await runCommandLine(args, { data, messages });
  return { exitCode, data: texts[0] as string, messages: texts[1] as string };
}

async function succeed(...args: string[]): Promise<Ran> {
  const ran = await run(...args);
  if (ran.exitCode !== 0) throw new Error(`${args.join(" ")}: ${ran.exitCode}\n${ran.messages}`);
  return ran;
}

function settingsFor(fleet: string) {
  return loadSettings({ flags: { fleet, partitions: "4", "operations-port": "0" } });
}

async function untilNothingWaits(fleet: string): Promise<void> {
  const deadlineMs = performance.now() + CAUGHT_UP_BOUND_MS;
  for (;;) {
    const { data } = await succeed("lag", "--json", "--fleet", fleet, ...NO_QUERY);
    const { lag } = JSON.parse(data) as { lag: number };
    if (lag === 0) return;
    if (performance.now() > deadlineMs) throw new Error(`still behind: ${data}`);
    await sleep(300);
  }
}

/** Records in the events topic. */
async function recordsIn(fleet: string): Promise<number> {
  const { data } = await succeed("lag", "--json", "--fleet", fleet, ...NO_QUERY);
  const { partitions } = JSON.parse(data) as { partitions: { end: number }[] };
  return partitions.reduce((sum, { end }) => sum + end, 0);
}

/** Order, times and attributes of every user, as Redis has them; `source` may differ. */
async function statesOf(fleet: string, users: readonly string[]): Promise<Record<string, unknown>> {
  const redis = connectRedis(settingsFor(fleet).redis, silentLogger);
  const keys = new RedisKeys(fleet);
  try {
    const states: Record<string, unknown> = {};
    for (const user of users) {
      const { source: _source, ...state } = await redis.hgetall(keys.state(user));
      states[user] = state;
    }
    return states;
  } finally {
    redis.disconnect();
  }
}

let directory: string;
const workers: RunningWorker[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "lastknown-cli-test-"));
});

afterAll(async () => {
  for (const worker of workers) await worker.stop();
  const admin = new KafkaAdmin({ settings: settingsFor(FIRST).kafka, logger: silentLogger });
  const topics = [FIRST, SECOND, REMADE].flatMap((fleet) => {
    const { eventsTopic, auditTopic, deadLetterTopic } = fleetNames(fleet);
    return [eventsTopic, auditTopic, deadLetterTopic];
  });
  await admin.deleteTopics(topics);
  await admin.close();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

async function runWorker(fleet: string): Promise<void> {
  workers.push(await startWorker(settingsFor(fleet), { logger: silentLogger }));
}

describe("the commands on real servers", () => {
  test("topics tells why the broker creates none, then creates a fleet, changes nothing when run again, and refuses other constants", async () => {
    const refused = await run("topics", "--fleet", FIRST, ...PARTITIONS, "--replication-factor", "10");
    expect(refused.exitCode).toBe(1);
    expect(refused.messages.trimEnd().split("\n")).toEqual([
      expect.stringMatching(
        /topic \S+\.audit is not created.*INVALID_REPLICATION_FACTOR.*: set --replication-factor/,
      ),
    ]);

    const first = await succeed("topics", "--fleet", FIRST, ...PARTITIONS);
    expect(first.data).toMatch(/\.events: created/);
    const again = await succeed("topics", "--fleet", FIRST, ...PARTITIONS);
    expect(again.data).toMatch(/\.events: was there/);
    expect(again.data.split("\n")[0]).toBe(first.data.split("\n")[0]);

    const other = await run("topics", "--fleet", FIRST, "--partitions", "8");
    expect(other.exitCode).toBe(1);
    expect(other.messages).toMatch(/has 4 partitions.*use --partitions 4, or another fleet name/);
    const skewed = await run("topics", "--fleet", FIRST, ...PARTITIONS, "--max-future-skew", "off");
    expect(skewed.exitCode).toBe(1);
    expect(skewed.messages).toMatch(/max_future_skew/);
  }, 60_000);

  test("topics makes no new events topic for an audit that holds what came from the old one", async () => {
    const fleet = `${PREFIX}-remade`;
    const { eventsTopic, auditTopic, deadLetterTopic } = fleetNames(fleet);
    await succeed("topics", "--fleet", fleet, ...PARTITIONS);
    const { kafka } = settingsFor(fleet);
    const admin = new KafkaAdmin({ settings: kafka, logger: silentLogger });
    const appender = new KafkaAppender({ settings: kafka, logger: silentLogger });
    const remove = async (): Promise<void> => {
      await admin.deleteTopics([eventsTopic]);
      while ((await admin.partitionCounts([eventsTopic])).size > 0) await sleep(50);
    };
    await remove();
    // Nothing came from it yet.
    await succeed("topics", "--fleet", fleet, ...PARTITIONS);
    await appender.append(auditTopic, [{ partition: 1, key: Buffer.from("k"), value: Buffer.from("v") }]);
    await remove();
    const { exitCode, messages } = await run("topics", "--fleet", fleet, ...PARTITIONS);
    expect(messages).toContain(`topic ${eventsTopic} is gone, and ${auditTopic} holds what came from it`);
    expect(exitCode).toBe(1);
    await admin.deleteTopics([auditTopic, deadLetterTopic]);
    await Promise.all([admin.close(), appender.close()]);
  }, 60_000);

  test.each([
    [["--registry-url", "http://127.0.0.1:1"], /schema registry at http:\/\/127\.0\.0\.1:1/],
    [["--redis-nodes", "127.0.0.1:1", "--redis-ready-deadline-ms", "300"], /Redis Cluster at 127\.0\.0\.1:1/],
  ])(
    "topics with %j ends with 4 and names the server that does not answer",
    async (flags, expected) => {
      const { exitCode, messages } = await run("topics", "--fleet", FIRST, ...PARTITIONS, ...flags);
      expect(messages).toMatch(expected);
      expect(exitCode).toBe(4);
    },
    60_000,
  );

  test("replay refuses a fleet that is not there, with the command that creates it", async () => {
    const file = join(directory, "one.csv");
    await writeFile(file, "user_id,time_stamp\na,2024-01-01T00:00:00Z\n");
    const { exitCode, messages } = await run("replay", file, "--fleet", `${PREFIX}-none`, ...PARTITIONS);
    expect(exitCode).toBe(1);
    expect(messages).toContain(
      `lastknown topics --fleet ${PREFIX}-none creates it, or says what to do instead`,
    );
  }, 60_000);

  test("replay refuses an events topic that was made anew with another number of partitions", async () => {
    const topic = fleetNames(REMADE).eventsTopic;
    await succeed("topics", "--fleet", REMADE, ...PARTITIONS);
    const { kafka } = settingsFor(REMADE);
    const admin = new KafkaAdmin({ settings: kafka, logger: silentLogger });
    try {
      await admin.deleteTopics([topic]);
      for (let looks = 0; looks < 100 && (await admin.partitionCounts([topic])).size > 0; looks++)
        await sleep(100);
      await admin.createTopics([{ topic, partitions: 8, replicationFactor: 1, configuration: {} }]);
    } finally {
      await admin.close();
    }
    const file = join(directory, "remade.csv");
    await writeFile(file, "user_id,time_stamp,sts\na,2024-01-01T00:00:00Z,2024-01-01T00:00:01Z\n");
    const { exitCode, messages } = await run("replay", file, "--fleet", REMADE, "--partitions", "8");
    expect(exitCode).toBe(1);
    expect(messages).toContain("8 partitions here and 4 there");
    expect(messages).toContain("use another --fleet name");
  }, 60_000);

  test("replay ends with 3 where rows were rejected, and lag counts what nobody has consumed", async () => {
    const file = join(directory, "sample.csv");
    const sample = await succeed("sample", "--users", "12", "--rows", String(ROWS), "--seed", "3");
    await writeFile(file, `${sample.data}veh-001,never,2024-03-10T06:00:00Z\n`);
    const replayed = await run("replay", file, "--speed", "max", "--fleet", FIRST, ...PARTITIONS, "--json");
    expect(replayed.exitCode).toBe(3);
    expect(JSON.parse(replayed.data)).toMatchObject({ rows: ROWS + 1, published: ROWS, rejected: 1 });

    const lag = JSON.parse((await succeed("lag", "--json", "--fleet", FIRST, ...NO_QUERY)).data);
    expect(Object.keys(lag as object)).toEqual(["lag", "lagSeconds", "viewLag", "partitions"]);
    expect(lag).toMatchObject({ lag: ROWS, viewLag: null });
    expect((lag as { partitions: unknown[] }).partitions).toHaveLength(4);
  }, 60_000);

  test("dlq shows a record that nobody can read, byte for byte, again and again", async () => {
    const value = Buffer.from([0xff, 0xfe, 0x00, 0x41]);
    const appender = new KafkaAppender({ settings: settingsFor(FIRST).kafka, logger: silentLogger });
    const key = Buffer.from("nobody");
    await appender.append(fleetNames(FIRST).eventsTopic, [{ partition: partitionOf(key, 4), key, value }]);
    await appender.close();
    await runWorker(FIRST);
    await untilNothingWaits(FIRST);

    const list = await succeed("dlq", "list", "--json", "--fleet", FIRST);
    const [letter, ...others] = list.data
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { [key: string]: unknown });
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ value: value.toString("base64") });
    expect(letter?.["reason"]).toMatch(/\w/);
    expect(letter?.["source"]).toMatch(new RegExp(`^${FIRST}\\.events/\\d+/\\d+$`));

    const place = `${String(letter?.["partition"])}/${String(letter?.["offset"])}`;
    const shown = await succeed("dlq", "show", place, "--fleet", FIRST);
    expect(shown.data).toMatch(/ff fe 00 41 +\|\.\.\.A\|/);
    expect(await succeed("dlq", "list", "--json", "--fleet", FIRST)).toEqual(list);
    const none = await run("dlq", "show", "0/999", "--fleet", FIRST);
    expect([none.exitCode, none.messages]).toEqual([1, expect.stringContaining("lastknown dlq list")]);
  }, 90_000);

  test("replaying an export gives the same states", async () => {
    const exported = await succeed("export", "--fleet", FIRST, ...PARTITIONS);
    const file = join(directory, "export.csv");
    await writeFile(file, exported.data);
    expect(exported.messages).toContain(`${ROWS.toLocaleString("en-US")} arrivals exported`);
    const hint = /replay the file with: lastknown replay FILE (.*)/.exec(exported.messages)?.[1] ?? "";

    await succeed("topics", "--fleet", SECOND, ...PARTITIONS);
    await succeed("replay", file, ...hint.split(" "), "--speed", "max", "--fleet", SECOND, ...PARTITIONS);
    await runWorker(SECOND);
    await untilNothingWaits(SECOND);

    const lines = (
      await succeed("export", "--format", "ndjson", "--fleet", SECOND, ...PARTITIONS)
    ).data.trimEnd();
    const users = new Set(lines.split("\n").map((line) => (JSON.parse(line) as { user: string }).user));
    expect(users.size).toBe(12);
    const states = await statesOf(FIRST, [...users]);
    expect(Object.values(states)[0]).toMatchObject({ order: expect.stringMatching(/^[0-9a-f]{74}$/) });
    expect(await statesOf(SECOND, [...users])).toEqual(states);
  }, 120_000);

  test("replay answers probes and scrapes while it runs, on the port that it says, and not afterwards", async () => {
    const file = join(directory, "observed.csv");
    await writeFile(file, "user_id,time_stamp\na,2024-01-01T00:00:00Z\na,2024-01-01T01:00:00Z\n");
    const flags = ["--operations-port", "0", "--fleet", SECOND, ...PARTITIONS];
    const child = spawn(process.execPath, [BIN, "replay", file, ...flags]);
    const ended = once(child, "close");
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const url = (): string | undefined => /on (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
    while (url() === undefined) await sleep(20);
    const answer = async (path: string): Promise<string> => await (await fetch(`${url()}${path}`)).text();
    const published = "lastknown_replay_published_rows_total 1";
    let metrics = await answer("/metrics");
    for (; !metrics.includes(published); metrics = await answer("/metrics")) await sleep(100);
    expect(metrics).toContain("lastknown_replay_file_rows 2");
    expect(metrics).toContain("lastknown_replay_published_sts_seconds 1704067200");
    expect(metrics).toContain("process_resident_memory_bytes");
    expect([await answer("/livez"), await answer("/readyz")]).toEqual(["ok\n", "ok\n"]);
    child.kill("SIGTERM");
    expect(await ended).toEqual([143, null]);
    await expect(fetch(`${url()}/livez`)).rejects.toThrow();
  }, 60_000);

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "%s ends a replay in order: what is under way is finished, reported, and the exit code is %d",
    async (signal, exitCode) => {
      const file = join(directory, "slow.csv");
      await writeFile(file, "user_id,time_stamp\na,2024-01-01T00:00:00Z\na,2024-01-01T01:00:00Z\n");
      const before = await recordsIn(SECOND);
      const child = spawn(process.execPath, [
        BIN,
        "replay",
        file,
        "--json",
        "--fleet",
        SECOND,
        ...PARTITIONS,
      ]);
      let data = "";
      child.stdout.on("data", (chunk: Buffer) => (data += chunk.toString()));
      const ended = once(child, "close");
      // The first row is sent at once, the second is an hour away.
      while ((await recordsIn(SECOND)) === before) await sleep(100);
      child.kill(signal);
      expect(await ended).toEqual([exitCode, null]);
      expect(JSON.parse(data)).toMatchObject({ interrupted: true, published: 1, rows: 2 });
    },
    60_000,
  );
});
