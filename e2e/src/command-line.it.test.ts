import { runCommand } from "@lastknown/stack";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { outputOf, type CommandOutput } from "./harness/command-output.js";
import { LASTKNOWN_BIN } from "./harness/lastknown.js";
import { requiredEnvironment, TestFleet, type QueryService } from "./harness/test-fleet.js";
import { complaintsAbout, readRedisFleet, recomputeBytes } from "./oracle/index.js";

jest.setTimeout(180_000);

const PARTITIONS = 4;
/** Ids that paths, patterns, terminals and CSV files stumble over. */
const IDS = [
  "/",
  "a/b",
  "{}",
  "{7}",
  ".",
  "..",
  "-",
  "?id=x",
  "%2F",
  "line\nbreak",
  'say "hi", she said',
  " ",
];
IDS.push("\u{1f68c}", "e\u0301", "\u00e9", "*", "__proto__", "x".repeat(256), "€".repeat(85));
/** Beside the users: a text that looks like a number, and names that Avro and the shell refuse. */
const HEADER = "user_id,time_stamp,sts,badge,driver's words,battery (%)";

describe("the command line", () => {
  const content = csvOf(IDS);
  const expected = recomputeBytes(content);
  let fleet: TestFleet;
  let query: QueryService;
  let replayed: CommandOutput[] = [];

  const lastknown = (
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
    input?: Buffer,
  ): Promise<CommandOutput> =>
    outputOf(args, {
      environment: { ...environmentOf(fleet), ...environment },
      ...(input === undefined ? {} : { input }),
    });

  beforeAll(async () => {
    fleet = await TestFleet.create({ prefix: "command-line", partitions: PARTITIONS });
    const [, started] = await Promise.all([fleet.startWorker(), fleet.startQuery()]);
    query = started;
    // The first half of the rows comes by standard input, the rest as a gzipped file.
    const packed = join(fleet.folder, "second.csv.gz");
    const [first, second] = halvesOf(content);
    await writeFile(packed, gzipSync(second));
    const flags = ["--speed", "max", "--progress", "none", "--json"];
    replayed = [
      await lastknown(["replay", "-", ...flags], {}, first),
      await lastknown(["replay", packed, ...flags]),
    ];
    await fleet.caughtUp(query);
  });

  afterAll(async () => fleet?.close());

  it("replays standard input and a gzipped file, and every odd id is right everywhere", async () => {
    expect(replayed.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const rows = replayed.map(({ stdout }) => (JSON.parse(stdout.toString()) as { rows: number }).rows);
    expect(rows).toEqual([IDS.length * 2, IDS.length * 2]);
    expect(expected.arrivals).toHaveLength(IDS.length * 4);
    const judgement = await fleet.judge({
      expected: expected.arrivals,
      doublesAllowed: false,
      answers: { baseUrl: query.baseUrl, questions: 500 },
    });
    expect(complaintsAbout(judgement)).toEqual([]);
    expect(judgement.answers?.latest.checked).toBe(IDS.length);
  });

  it("gives one state by get, by the path and by -?id=, whatever the id", async () => {
    const port = new URL(query.baseUrl).port;
    for (const id of IDS) {
      const state = expected.timelines.get(id)?.state.arrival;
      const wanted = { user: id, event_id: state?.eventId, attributes: JSON.parse(state?.attributes ?? "") };
      const byParameter = await answered(`${query.baseUrl}/v1/users/-?id=${encodeURIComponent(id)}`);
      expect(byParameter).toMatchObject(wanted);
      // A path cannot carry these three: they vanish, or stand for the parameter.
      if (![".", "..", "-"].includes(id)) {
        expect(await answered(`${query.baseUrl}/v1/users/${encodeURIComponent(id)}`)).toMatchObject(wanted);
      }
    }
    for (const id of ["/", "..", "-", "line\nbreak", "\u{1f68c}", "x".repeat(256)]) {
      const { exitCode, stdout } = await lastknown(["get", "--", id], { LASTKNOWN_QUERY_PORT: port });
      expect({ id, exitCode }).toEqual({ id, exitCode: 0 });
      expect(JSON.parse(stdout.toString())).toMatchObject({ user: id });
    }
  });

  it("says what get cannot find or may not ask, in one line each", async () => {
    const port = { LASTKNOWN_QUERY_PORT: new URL(query.baseUrl).port };
    const endings = await Promise.all([
      lastknown(["get", "nobody"], port),
      lastknown(["get", "x".repeat(257)], port),
      lastknown(["get", "/"], { LASTKNOWN_QUERY_PORT: "1" }),
    ]);
    expect(endings.map(({ exitCode }) => exitCode)).toEqual([1, 2, 4]);
    for (const { messages, stdout } of endings) {
      expect(messages.trim().split("\n")).toHaveLength(1);
      expect(stdout).toHaveLength(0);
    }
  });

  it("tells the lag as JSON, the view's null where no query service answers", async () => {
    const { stdout } = await lastknown(["lag", "--json"], {
      LASTKNOWN_QUERY_PORT: new URL(query.baseUrl).port,
    });
    const lag = JSON.parse(stdout.toString()) as { partitions: { partition: number; end: number }[] };
    expect(lag).toEqual({ lag: 0, lagSeconds: 0, viewLag: 0, partitions: lag.partitions });
    expect(lag.partitions.map(({ partition }) => partition)).toEqual([0, 1, 2, 3]);
    const ends = lag.partitions.reduce((sum, { end }) => sum + end, 0);
    expect(ends).toBe(expected.arrivals.length);
    const alone = await lastknown(["lag", "--json"], { LASTKNOWN_QUERY_PORT: "1" });
    expect(JSON.parse(alone.stdout.toString())).toEqual({ ...lag, viewLag: null });
  });

  it("exports what another fleet replays to the same states", async () => {
    const exported = await lastknown(["export"]);
    expect(exported.exitCode).toBe(0);
    const other = await TestFleet.create({ prefix: "replayed-export", partitions: PARTITIONS });
    try {
      await other.startWorker();
      await replayByHint(other, exported);
      const [ours, theirs] = await Promise.all([fleet, other].map(({ name }) => statesOf(name)));
      expect(theirs).toEqual(ours);
      expect(ours?.size).toBe(IDS.length);
    } finally {
      await other.close();
    }
  });
});

describe("an export of rows whose identity was chosen", () => {
  const header = 'user,time_stamp,sts,v,gw,"note, free",lastknown.temp';
  const at = "2024-01-01T00:00:00Z";
  const rows = [
    `a,${at},2024-01-01T00:00:00Z,7,g,1,20`,
    `a,${at},2024-01-01T00:00:00Z,8,g,2,20`,
    `b,${at},2024-01-01T00:00:01Z,1e16,g1,3,`,
    `b,${at},2024-01-01T00:00:02Z,1e16,g2,3,`,
  ];

  it("is replayed to the same states and verdicts, with no word about the identity", async () => {
    const fleets: TestFleet[] = [];
    const exportOf = (fleet: TestFleet): Promise<CommandOutput> =>
      outputOf(["export"], { environment: environmentOf(fleet) });
    try {
      const first = await TestFleet.create({ prefix: "chosen-identity", partitions: PARTITIONS });
      fleets.push(first);
      await first.startWorker();
      const identity = ["--not-identity", 'gw,"note, free"'];
      const replayed = await outputOf(
        ["replay", "-", "--user-column", "user", "--speed", "max", ...identity],
        {
          environment: environmentOf(first),
          input: Buffer.from(`${header}\n${rows.join("\n")}\n`),
        },
      );
      expect(replayed.exitCode).toBe(0);
      await first.caughtUp();
      const exported = await exportOf(first);

      const second = await TestFleet.create({ prefix: "its-replay", partitions: PARTITIONS });
      fleets.push(second);
      await second.startWorker();
      await replayByHint(second, exported);
      const [ours, theirs] = await Promise.all(fleets.map(({ name }) => statesOf(name)));
      expect(theirs).toEqual(ours);
      expect(ours?.size).toBe(2);
      const again = await exportOf(second);
      expect(withoutAppendTimes(again)).toEqual(withoutAppendTimes(exported));
      expect(again.stdout.toString()).toContain(",duplicate,");
    } finally {
      await Promise.all(fleets.map((fleet) => fleet.close()));
    }
  });
});

/** Replays an export with the command that it named, as a person copies it: the shell takes the quotes away. */
async function replayByHint(fleet: TestFleet, exported: CommandOutput): Promise<void> {
  const hint = /lastknown replay FILE (.*)$/m.exec(exported.messages)?.[1] ?? "";
  const script = `exec "$0" "$1" replay - --speed max ${hint}`;
  const replay = await runCommand("sh", ["-c", script, process.execPath, LASTKNOWN_BIN], {
    boundMs: 60_000,
    env: { ...process.env, ...environmentOf(fleet) },
    input: exported.stdout,
  });
  expect([replay.exitCode, replay.stderr.toString()]).toEqual([0, expect.any(String)]);
  await fleet.caughtUp();
}

/** Sorted, as what two partitions took in one moment may stand either way round. */
function withoutAppendTimes({ stdout }: CommandOutput): string[] {
  return stdout
    .toString()
    .split("\n")
    .map((line) => line.replace(/,[^,]*$/, ""))
    .sort();
}

describe("the exit code of a replay", () => {
  let fleet: TestFleet;
  const header = "user_id,time_stamp,speed\n";
  const row = "u,2024-04-01T00:00:00Z,1\n";

  beforeAll(async () => {
    fleet = await TestFleet.create({ prefix: "exit-codes", partitions: PARTITIONS });
  });

  afterAll(async () => fleet?.close());

  it.each<Ending>([
    { exitCode: 0, where: "all went well", input: header + row },
    { exitCode: 3, where: "a row was rejected", input: `${header}u,yesterday,1\n${row}` },
    { exitCode: 2, where: "the file is missing", file: "no/such/file.csv", says: /no\/such\/file\.csv/ },
    { exitCode: 2, where: "a column is missing", flags: ["--user-column", "driver"], says: /driver/ },
    { exitCode: 2, where: "a header is there twice", input: `user_id,ts,a,a\nu,1,1,1\n`, says: /\ba\b/ },
    { exitCode: 2, where: "a flag is wrong", flags: ["--speed", "fast"], says: /--speed/ },
    {
      exitCode: 4,
      where: "no broker answers",
      environment: { LASTKNOWN_KAFKA_BROKERS: "127.0.0.1:1" },
      says: /127\.0\.0\.1:1/,
    },
    {
      exitCode: 4,
      where: "no registry answers",
      environment: { LASTKNOWN_REGISTRY_URL: "http://127.0.0.1:1" },
      says: /127\.0\.0\.1:1/,
    },
  ])("is $exitCode where $where", async ({ exitCode, input, file, flags, environment, says }) => {
    const args = ["replay", file ?? "-", "--speed", "max", "--progress", "none", ...(flags ?? [])];
    const ended = await outputOf(args, {
      environment: { ...environmentOf(fleet), ...environment },
      input: input ?? header + row,
    });
    expect([ended.exitCode, ended.messages]).toEqual([exitCode, expect.any(String)]);
    expect(ended.stdout).toHaveLength(0);
    if (says === undefined) return;
    expect(ended.messages.trim().split("\n")).toEqual([expect.stringMatching(/^lastknown: .+/)]);
    expect(ended.messages).toMatch(says);
  });
});

interface Ending {
  readonly exitCode: number;
  readonly where: string;
  /** A good row by default. */
  readonly input?: string;
  /** Standard input by default. */
  readonly file?: string;
  readonly flags?: string[];
  readonly environment?: NodeJS.ProcessEnv;
  /** What the one line has to name; where there is none, the report is no error. */
  readonly says?: RegExp;
}

function environmentOf({ name }: TestFleet): NodeJS.ProcessEnv {
  return { LASTKNOWN_FLEET: name, LASTKNOWN_PARTITIONS: String(PARTITIONS) };
}

/** Each user four times: in order, late, again, and with empty cells. */
function csvOf(ids: readonly string[]): Buffer {
  const lines = [HEADER];
  for (const [turn, happened] of [0, -60, 0, 5].entries()) {
    for (const [number, id] of ids.entries()) {
      const received = Date.UTC(2024, 3, 1) + turn * 60_000 + number * 100;
      const time = Date.UTC(2024, 3, 1) + happened * 1_000 + number;
      const cells = turn === 3 ? ["", "", ""] : ["007", `"words, ${number}"`, String(number * 1.25)];
      const times = [time, received].map((moment) => new Date(moment).toISOString());
      lines.push([`"${id.replaceAll('"', '""')}"`, ...times, ...cells].join(","));
    }
  }
  return Buffer.from(`${lines.join("\n")}\n`);
}

/** Two files with a header each, cut between two rows of which neither id goes over lines. */
function halvesOf(content: Buffer): [Buffer, Buffer] {
  const text = content.toString();
  const middle = text.indexOf('\n"/"', text.length / 2) + 1;
  return [Buffer.from(text.slice(0, middle)), Buffer.from(`${HEADER}\n${text.slice(middle)}`)];
}

async function answered(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** By user: the state without the place of its record, which every fleet has of its own. */
async function statesOf(fleet: string): Promise<Map<string, unknown>> {
  const { states } = await readRedisFleet(requiredEnvironment("LASTKNOWN_REDIS_NODES"), fleet);
  return new Map([...states].map(([key, { source: _source, ...state }]) => [key.slice(fleet.length), state]));
}
