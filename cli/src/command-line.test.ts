import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { runCommandLine } from "./command-line.js";
import type { OutputStream } from "./output/terminal.js";

/** What a stream got, as text. */
class Sink extends Writable implements OutputStream {
  text = "";

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function run(...args: string[]): Promise<{ exitCode: number; data: string; messages: string }> {
  const [data, messages] = [new Sink(), new Sink()];
  const exitCode = await runCommandLine(args, { data, messages });
  return { exitCode, data: data.text, messages: messages.text };
}

const SAMPLE = fileURLToPath(new URL("../../sample/fleet.csv", import.meta.url));

const COMMANDS = [
  "demo",
  "stack",
  "stack up",
  "stack down",
  "stack status",
  "stack env",
  "topics",
  "sample",
  "replay",
  "consume",
  "query",
  "lag",
  "get",
  "dlq",
  "dlq list",
  "dlq show",
  "export",
  "config",
];

describe("help", () => {
  test.each(COMMANDS)("of %s is data, fits 80 columns and ends with 0", async (command) => {
    const { exitCode, data, messages } = await run(...command.split(" "), "--help");
    expect(exitCode).toBe(0);
    expect(messages).toBe("");
    expect(data).toMatch(/^Usage: lastknown /);
    const tooWide = data.split("\n").filter((line) => line.length > 80 && !line.trim().startsWith("http"));
    expect(tooWide).toEqual([]);
  });

  test("names every command", async () => {
    const { data } = await run("--help");
    for (const command of COMMANDS.filter((name) => !name.includes(" ")))
      expect(data).toMatch(new RegExp(`^  ${command}\\b`, "m"));
  });
});

describe("the demo's help", () => {
  test("leaves out what the demo refuses, and has what it takes", async () => {
    const { data } = await run("demo", "--help");
    for (const refused of ["--loop", "--live", "--checkpoint", "--dry-run"])
      expect(data).not.toContain(refused);
    for (const taken of ["--zone", "--types", "--start", "--end", "--quote", "--decimal", "--rejects"])
      expect(data).toContain(taken);
    expect((await run("replay", "--help")).data).toContain("--loop");
  });
});

describe("a wrong call", () => {
  test.each([
    [["lga"], /unknown command 'lga' \(Did you mean lag\?\)/],
    [["lag", "--jsn"], /unknown option '--jsn' \(Did you mean --json\?\)/],
    [["get"], /missing required argument 'user'/],
    [["lag", "--interval-ms", "1"], /--interval-ms.*whole number from 100 to 3600000/],
    [["stack", "up", "--brokers", "2"], /--brokers.*Allowed choices are 1, 3/],
    [["dlq", "show", "3"], /partition\/offset, like 3\/0/],
    [["lag", "--worker-batch-records-max", "5"], /unknown option/],
    [["lag", "extra"], /too many arguments/],
    [["sample", "--rows", "-1"], /--rows.*whole number from 0/],
    [["replay", "x.csv", "--speed", "-3"], /--speed/],
    [["demo", "--loop", "3"], /the demo cannot check a replay with --loop: leave it out/],
    [["demo", "x.csv", "--live"], /the demo cannot check a replay with --live: leave it out/],
    [["demo", "--checkpoint", "c"], /the demo cannot check a replay with --checkpoint: leave it out/],
    [["demo", "--dry-run"], /the demo cannot check a replay with --dry-run: leave it out/],
  ])("%j ends with 2 and one line that says what and where to look", async (args, expected) => {
    const { exitCode, data, messages } = await run(...args);
    expect(exitCode).toBe(2);
    expect(data).toBe("");
    expect(messages).toMatch(/^lastknown: [^\n]+\n$/);
    expect(messages).toMatch(expected);
  });

  test("without any command shows the help as a message, and ends with 2", async () => {
    const { exitCode, data, messages } = await run();
    expect(exitCode).toBe(2);
    expect(data).toBe("");
    expect(messages).toMatch(/^Usage: lastknown/);
  });

  test("with wrong settings names all of them, and the fix", async () => {
    const { exitCode, messages } = await run("lag", "--partitions", "7", "--kafka-brokers", "nix");
    expect(exitCode).toBe(2);
    expect(messages).toMatch(/2 settings are wrong/);
    expect(messages).toMatch(/--partitions "7" must divide 256/);
    expect(messages).toMatch(/--kafka-brokers "nix"/);
    expect(messages).toMatch(/lastknown config/);
  });

  test.each([
    [["get", ""], /the user id is empty/],
    [["export", "--from", "yesterday"], /--from "yesterday" is no moment.*2024-03-10T12:00:00Z/],
    [["export", "--to", "2024-03-10T12:00:00"], /it has no zone/],
    [["demo", "/no/such/file.csv"], /\/no\/such\/file\.csv/],
    [["demo", "x.csv", "--live"], /cannot check a replay with --live/],
    [["replay", "/no/such/file.csv", "--dry-run"], /\/no\/such\/file\.csv/],
    [
      ["replay", "/no/such/file.csv", "--kafka-brokers", "127.0.0.1:1"],
      /\/no\/such\/file\.csv cannot be read \(it does not exist\): check the path/,
    ],
  ])("%j is refused before any server is asked", async (args, expected) => {
    const { exitCode, messages } = await run(...args);
    expect(messages).toMatch(expected);
    expect(messages).toMatch(/^lastknown: [^\n]+\n$/);
    expect(exitCode).toBe(2);
  });
});

describe("a server that cannot be reached", () => {
  const nobody = [
    "--kafka-brokers",
    "127.0.0.1:1",
    "--registry-url",
    "http://127.0.0.1:1",
    "--query-port",
    "1",
  ];

  test.each([
    [["lag"], /Kafka at 127\.0\.0\.1:1/],
    [["topics"], /Kafka at 127\.0\.0\.1:1/],
    [["get", "bus-7"], /no query service answers at http:\/\/127\.0\.0\.1:1: start one with lastknown query/],
  ])(
    "%j ends with 4 and one line that names it",
    async (args, expected) => {
      const { exitCode, messages } = await run(...args, ...nobody);
      expect(messages).toMatch(expected);
      expect(messages.trimEnd().split("\n")).toHaveLength(1);
      expect(exitCode).toBe(4);
    },
    60_000,
  );

  test("has a stack trace only with --verbose", async () => {
    expect((await run("get", "x", "--query-port", "1")).messages).not.toMatch(/^\s+at /m);
    expect((await run("get", "x", "--query-port", "1", "--verbose")).messages).toMatch(/^\s+at /m);
  });
});

describe("what needs no server", () => {
  test("sample writes the same file for the same seed", async () => {
    const first = await run("sample", "--users", "3", "--rows", "20", "--seed", "1");
    expect(first.exitCode).toBe(0);
    expect(first.data.trimEnd().split("\n")).toHaveLength(21);
    expect(await run("sample", "--users", "3", "--rows", "20", "--seed", "1")).toEqual(first);
    expect(await run("sample", "--users", "3", "--rows", "20", "--seed", "2")).not.toEqual(first);
  });

  test("config shows each value and where it came from, and no secret", async () => {
    const { data, exitCode } = await run("config", "--fleet", "buses");
    expect(exitCode).toBe(0);
    expect(data).toMatch(/^fleet +buses +--fleet$/m);
    expect(data).toMatch(/^partitions +16 +default$/m);
    const rows = JSON.parse((await run("config", "--json")).data) as { name: string }[];
    expect(rows.find(({ name }) => name === "kafka-brokers")).toEqual({
      name: "kafka-brokers",
      value: expect.any(String),
      source: expect.any(String),
    });
  });

  test("stack up makes no rights of what is no fleet's name, and ends with 2", async () => {
    const { exitCode, messages } = await run("stack", "up", "--secure", "--fleet", "*");
    expect([exitCode, messages]).toEqual([2, expect.stringContaining('--fleet "*" must be letters')]);
  });

  test("stack status of servers that do not run says how they come back, and ends with 1", async () => {
    const directory = await mkdtemp(join(tmpdir(), "lastknown-status-"));
    const named = (name: string): object => ({ name, port: 1 });
    const redis = ["redis-1", "redis-2", "redis-3"].map(named);
    const layout = { brokers: [{ ...named("kafka-1"), nodeId: 1 }], registry: named("registry"), redis };
    await writeFile(join(directory, "stack.json"), JSON.stringify({ layout, servers: {} }));
    const { exitCode, messages } = await run("stack", "status", "--directory", directory);
    await rm(directory, { recursive: true });
    expect(exitCode).toBe(1);
    expect(messages).toBe(
      "not all of it is healthy; what does not run comes back with: " +
        `lastknown stack down --directory ${directory} && lastknown stack up --directory ${directory} --brokers 1 --redis-nodes 3\n`,
    );
  });

  test("a dry run reports the file as data with --json, else as messages", async () => {
    const json = await run("replay", SAMPLE, "--dry-run", "--json");
    expect(JSON.parse(json.data)).toMatchObject({ dryRun: true, published: 0 });
    const said = await run("replay", SAMPLE, "--dry-run");
    expect(said.data).toBe("");
    expect(said.messages).toMatch(/^dry run: /);
  });
});
