import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import {
  bodyOf,
  decodeEvent,
  eventIdOfContent,
  exitCodes,
  FatalError,
  KafkaUnavailableError,
  MemoryLog,
  MemorySchemaRegistry,
  parseEventSchema,
  printTime,
  silentLogger,
  unframe,
  type Appender,
  type Event,
} from "@lastknown/shared";
import { FakeClock } from "../schedule/fake-clock-for-test.js";
import type { ReplayDependencies } from "./replay-dependencies.js";
import type { ReplayOptions } from "./replay-options.js";
import { runReplay } from "./replay.js";

const TOPIC = "t.events";
const SUBJECT = "t.events-value";
const PARTITIONS = 4;

describe("a replay", () => {
  let directory: string;
  let log: MemoryLog;
  let registry: MemorySchemaRegistry;
  let dependencies: ReplayDependencies;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "replay-"));
    log = new MemoryLog({ topics: { [TOPIC]: PARTITIONS } });
    registry = new MemorySchemaRegistry();
    dependencies = {
      target: { appender: log, registry, topic: TOPIC, subject: SUBJECT, partitions: PARTITIONS },
      logger: silentLogger,
    };
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function file(content: string | Buffer, name = "rows.csv"): string {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  }

  function replay(content: string | Buffer, options: Partial<ReplayOptions> = {}) {
    return runReplay({ file: file(content), speed: "max", ...options }, dependencies);
  }

  /** All events of the topic in the order of their users' partitions. */
  async function events(): Promise<Event[]> {
    const found: Event[] = [];
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const slice = await log.read(TOPIC, partition, 0, { bytesMax: 1e9, waitMs: 0 });
      for (const { key, value } of slice.records) {
        const { schemaId } = unframe(value as Buffer) as { schemaId: number };
        const event = decodeEvent(
          parseEventSchema(await registry.textById(schemaId)),
          bodyOf(value as Buffer),
        );
        expect(event.user).toBe(key?.toString());
        found.push(event);
      }
    }
    return found;
  }

  const BASIC = [
    "user_id,time_stamp,sts,speed",
    "a,2024-03-10T12:00:02Z,2024-03-10T12:00:05Z,2.5",
    "a,2024-03-10T12:00:01Z,2024-03-10T12:00:03.1Z,1",
    "a,2024-03-10T12:00:03Z,2024-03-10T12:00:03Z,",
  ].join("\n");

  it("refuses to write its rejects over its input, also behind a symbolic link", async () => {
    const rows = file("user_id,time_stamp\na,2024-01-01T00:00:00Z\n");
    const link = join(directory, "link.csv");
    symlinkSync(rows, link);
    await expect(runReplay({ file: link, rejects: rows }, dependencies)).rejects.toThrow(
      "read and overwritten",
    );
    expect(readFileSync(rows, "utf8")).toContain("2024-01-01");
  });

  it("refuses to write two things to one file that is not there yet, also in a linked folder", async () => {
    mkdirSync(join(directory, "real"));
    symlinkSync(join(directory, "real"), join(directory, "link"));
    const one = { checkpoint: join(directory, "real/x"), rejects: join(directory, "link/x") };
    await expect(replay(BASIC, one)).rejects.toMatchObject({
      message: expect.stringContaining("name one file"),
      exitCode: exitCodes.usage,
    });
    expect(await replay(BASIC, { ...one, rejects: join(directory, "link/y") })).toMatchObject({
      published: 3,
    });
  });

  it("sends rows by sts, with their types", async () => {
    const summary = await replay(BASIC);
    expect(summary).toMatchObject({ rows: 3, published: 3, rejected: 0, late: 2, users: 1, exitCode: 0 });
    const sent = await events();
    expect(sent.map(({ sts, attributes }) => [printTime(sts), { ...attributes }])).toEqual([
      ["2024-03-10T12:00:03.000000Z", {}],
      ["2024-03-10T12:00:03.100000Z", { speed: 1 }],
      ["2024-03-10T12:00:05.000000Z", { speed: 2.5 }],
    ]);
  });

  it("gives the same events from gzip, from standard input, and with BOM, CRLF, tabs and quotes", async () => {
    await replay(BASIC);
    const expected = await events();
    const variants = [
      gzipSync(BASIC),
      Buffer.from(`\ufeff${BASIC.replaceAll("\n", "\r\n").replaceAll(",", "\t")}\r\n`),
      Buffer.from(BASIC.replaceAll(/[^,\n]+/g, '"$&"')),
    ];
    for (const variant of variants) {
      log.createTopic(TOPIC, PARTITIONS);
      await replay(variant);
      expect(await events()).toEqual(expected);
    }
    log.createTopic(TOPIC, PARTITIONS);
    const stdin = Readable.from([gzipSync(BASIC)]);
    await runReplay({ file: "-", speed: "max" }, { ...dependencies, stdin });
    const byText = (list: Event[]) => list.map((event) => JSON.stringify(event)).toSorted();
    expect(byText(await events())).toEqual(byText(expected));
  });

  it("sends each row at its planned moment", async () => {
    const clock = new FakeClock();
    const sentAt: number[] = [];
    log = new MemoryLog({ topics: { [TOPIC]: PARTITIONS }, now: () => sentAt.push(clock.nowMs) });
    const target = { appender: log, registry, topic: TOPIC, subject: SUBJECT, partitions: PARTITIONS };
    const summary = await runReplay({ file: file(BASIC), speed: 2 }, { ...dependencies, target, clock });
    expect(sentAt.map((ms) => ms - 1_000_000)).toEqual([0, 50, 1000]);
    expect(summary.drift).toEqual({ p50: 0, p99: 0, max: 0 });
  });

  it("fails when an append fails, though its next row is due in an hour", async () => {
    const appender: Appender = {
      append: () => Promise.reject(new KafkaUnavailableError(["memory"], "take the records")),
      close: () => Promise.resolve(),
    };
    const target = { appender, registry, topic: TOPIC, subject: SUBJECT, partitions: PARTITIONS };
    const rows = file("user_id,ts\na,2024-03-10T12:00:00Z\na,2024-03-10T13:00:00Z\n");
    const failure = runReplay({ file: rows, speed: 1 }, { ...dependencies, target });
    await expect(failure).rejects.toThrow(KafkaUnavailableError);
  });

  it("rejects each bad row with its line and reason, and sends the rest", async () => {
    const rejects = join(directory, "rejects.csv");
    const rows: [reason: string | undefined, row: string | Buffer][] = [
      [undefined, "a,2024-03-10T12:00:00Z,2024-03-10T12:00:00Z,1"],
      ["ragged", "a,2024-03-10T12:00:00Z,2024-03-10T12:00:00Z"],
      ["ragged", "a,2024-03-10T12:00:00Z,2024-03-10T12:00:00Z,1,2"],
      ["no-user", ",2024-03-10T12:00:00Z,2024-03-10T12:00:00Z,1"],
      ["bad-user", `${"é".repeat(129)},2024-03-10T12:00:00Z,2024-03-10T12:00:00Z,1`],
      ["no-time", "a,,2024-03-10T12:00:00Z,1"],
      ["bad-time", "a,yesterday,2024-03-10T12:00:00Z,1"],
      ["time-without-zone", "a,2024-03-10 12:00:00,2024-03-10T12:00:00Z,1"],
      ["time-out-of-range", "a,1850-01-01T00:00:00Z,2024-03-10T12:00:00Z,1"],
      ["not-finite", "a,2024-03-10T12:00:00Z,2024-03-10T12:00:00Z,1e400"],
      ["nul", "a\0,2024-03-10T12:00:00Z,2024-03-10T12:00:00Z,1"],
      [
        "utf8",
        Buffer.concat([Buffer.from([0xff]), Buffer.from(",2024-03-10T12:00:00Z,2024-03-10T12:00:00Z,1")]),
      ],
      ["too-large", `a,2024-03-10T12:00:00Z,2024-03-10T12:00:00Z,${"9".repeat(2_000_000)}`],
      ["too-large", `a,2024-03-10T12:00:00Z,2024-03-10T12:00:00Z,"${"9".repeat(2_000_000)}"`],
      ["header-again", "user_id,time_stamp,sts,speed"],
      ["quote", 'a,2024-03-10T12:00:00Z,2024-03-10T12:00:00Z,"1'],
      ["quote", '"a"b,2024-03-10T12:00:00Z,2024-03-10T12:00:00Z,1'],
      [undefined, '"b\nb",2024-03-10T12:00:01Z,2024-03-10T12:00:01Z,2'],
      [undefined, "c,2024-03-10T12:00:02Z,2024-03-10T12:00:02Z,3"],
    ];
    const content = Buffer.concat(
      [Buffer.from("user_id,time_stamp,sts,speed"), ...rows.map(([, row]) => Buffer.from(row))].flatMap(
        (row) => [row, Buffer.from("\n")],
      ),
    );
    const summary = await replay(content, { rejects });
    expect((await events()).map(({ user }) => user).toSorted()).toEqual(["a", "b\nb", "c"]);
    const expected = rows.flatMap(([reason], index) =>
      reason === undefined ? [] : [`${index + 2},${reason}`],
    );
    const written = readFileSync(rejects, "latin1").split("\n");
    const found = written
      .map((line) => line.split(",").slice(0, 2).join(","))
      .filter((line) => /^\d/.test(line));
    expect(found.toSorted()).toEqual(expected.toSorted());
    expect(summary).toMatchObject({ exitCode: exitCodes.rejected, rejected: expected.length, published: 3 });
  });

  it.each(["file", "stream"])(
    "rejects a row that its topic finds too large, and sends the rest (%s)",
    async (way) => {
      log = new MemoryLog({ topics: { [TOPIC]: PARTITIONS }, recordBytesMax: 1000 });
      const target = { appender: log, registry, topic: TOPIC, subject: SUBJECT, partitions: PARTITIONS };
      const rejects = join(directory, "rejects.csv");
      const long = `b,2024-03-10T12:00:01Z,2024-03-10T12:00:01Z,${"x".repeat(2000)}`;
      const content = ["user_id,time_stamp,sts,text", "a,1,1,", long, "a,3,3,", "a,2,4,late"].join("\n");
      const checkpoint = join(directory, "checkpoint");
      const from =
        way === "file"
          ? { options: { file: file(content), checkpoint }, stdin: undefined }
          : { options: { file: "-" }, stdin: Readable.from([Buffer.from(content)]) };
      const summary = await runReplay(
        { speed: "max", rejects, ...from.options },
        { ...dependencies, target, stdin: from.stdin },
      );
      expect(summary).toMatchObject({
        rows: 4,
        published: 3,
        rejectedByReason: { "too-large": 1 },
        users: 1,
        late: 1,
        exitCode: exitCodes.rejected,
      });
      expect((await events()).map(({ user }) => user)).toEqual(["a", "a", "a"]);
      expect(readFileSync(rejects, "utf8")).toMatch(
        /^3,too-large,"the event has 20\d\d bytes, more than the max\.message\.bytes of t\.events allows","b,2024.*x"$/m,
      );
      if (way === "stream") return;
      const again = await runReplay({ speed: "max", rejects, ...from.options }, { ...dependencies, target });
      expect(again).toMatchObject({ resumed: 4, published: 0 });
    },
  );

  it("keeps the ids of an export, and the rest of its own columns out of the attributes", async () => {
    const id = "0123456789abcdef0123456789abcdef";
    const header = "user,time_stamp,sts,v,lastknown.event_id,lastknown.verdict,lastknown.temp";
    const times = "2024-03-10T12:00:00Z,2024-03-10T12:00:00Z";
    const rows = [`a,${times},1,${id},applied,20`, `b,${times},1,,applied,`, `c,${times},1,ABC,applied,`];
    const content = `${header}\n${rows.join("\n")}\n`;
    const summary = await replay(content, { userColumn: "user" });
    expect(summary.rejectedByReason).toEqual({ "bad-event-id": 1 });
    const [a, b] = (await events()).sort((one, other) => (one.user < other.user ? -1 : 1));
    expect(a).toMatchObject({ user: "a", eventId: id, attributes: { v: 1, "lastknown.temp": 20 } });
    expect({ ...b?.attributes }).toEqual({ v: 1 });
    expect(b?.eventId).toBe(eventIdOfContent("b", b?.timeStamp ?? 0, '{"v":1}'));
  });

  it("makes ids anew where it is said of what, also for an export", async () => {
    const times = "2024-03-10T12:00:00Z,2024-03-10T12:00:00Z";
    const content = `user,time_stamp,sts,v,gw,lastknown.event_id\na,${times},1,x,${"0".repeat(32)}\n`;
    await replay(content, { userColumn: "user", notIdentity: ["gw"] });
    const [event] = await events();
    expect(event?.eventId).toBe(eventIdOfContent("a", event?.timeStamp ?? 0, '{"v":1}'));
  });

  it.each([
    ["user_id,time_stamp,a,a\n", "twice"],
    ["user_id,time_stamp,__proto__\n", "__proto__"],
    ["user_id,time_stamp,\n", "no name"],
    ["user_id,device_id,time_stamp\n", "several columns"],
    ["who,time_stamp\n", "the header has who, time_stamp"],
    ["user_id,when\n", "the header has user_id, when"],
    ["", "is empty"],
    ['"user_id" ,ts\na,1\nb,2\n', "text follows a closing quote"],
  ])("refuses the header %j in one clear line", async (content, words) => {
    const failure = replay(content);
    await expect(failure).rejects.toThrow(words);
    await expect(failure).rejects.toMatchObject({ exitCode: exitCodes.usage, fix: expect.any(String) });
    await expect(failure).rejects.toBeInstanceOf(FatalError);
  });

  const UTF_16 = Buffer.from("\ufeffuser_id,ts\na,1\n", "utf16le");
  it.each([
    ["UTF-16", UTF_16, "is UTF-16 (it starts with FF FE)", "iconv -f UTF-16 -t UTF-8"],
    ["big-endian UTF-16", swapped(UTF_16), "is UTF-16 (it starts with FE FF)", "iconv -f UTF-16 -t UTF-8"],
    ["UTF-16 without a mark", UTF_16.subarray(2), "looks like UTF-16", "iconv -f UTF-16LE -t UTF-8"],
    ["big-endian without a mark", swapped(UTF_16).subarray(2), "looks like", "iconv -f UTF-16BE -t UTF-8"],
    ["CR as line ends", "user_id,ts\ra,1\r", "a CR outside quotes", "tr '\\r' '\\n'"],
    ["a long file of CR", `"user_id","ts"\r${'"a","1"\r'.repeat(100_000)}`, "a CR outside quotes", "tr "],
  ])("refuses %s with the command that converts it", async (_name, content, message, fix) => {
    await expect(replay(content)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      fix: expect.stringContaining(fix),
      exitCode: exitCodes.usage,
    });
  });

  it("takes a CR in a quoted name of the header", async () => {
    expect(await replay('user_id,ts,"a\rb"\r\na,1,2\r\n')).toMatchObject({ published: 1 });
  });

  it("refuses a missing file", async () => {
    const failure = runReplay({ file: join(directory, "none.csv") }, dependencies);
    await expect(failure).rejects.toMatchObject({
      exitCode: exitCodes.usage,
      message: expect.stringContaining("none.csv"),
    });
  });

  const HEADER = "user_id,time_stamp,";
  it("lets a column come later, and a column without values get them later", async () => {
    await replay(`${HEADER}empty\na,2024-01-01T00:00:00Z,\n`);
    await replay(`${HEADER}empty,new\na,2024-01-01T00:00:01Z,5,true\n`);
    expect((await events()).map(({ attributes }) => ({ ...attributes }))).toEqual([
      {},
      { empty: 5, new: true },
    ]);
  });

  it("refuses a column that changed its type, and takes the fix that it names", async () => {
    await replay(`${HEADER}n\na,2024-01-01T00:00:00Z,5\n`);
    const changed = `${HEADER}n\na,2024-01-01T00:00:01Z,6\na,2024-01-01T00:00:01Z,five\n`;
    await expect(replay(changed)).rejects.toMatchObject({
      exitCode: exitCodes.usage,
      fix: expect.stringContaining("--types 'n=double'"),
    });
    expect(await replay(changed, { types: { n: "double" } })).toMatchObject({
      published: 1,
      rejectedByReason: { type: 1 },
    });
  });

  it("keeps a column text that was text before", async () => {
    await replay(`${HEADER}n\na,2024-01-01T00:00:00Z,five\n`);
    await replay(`${HEADER}n\na,2024-01-01T00:00:01Z,6\n`);
    expect((await events()).map(({ attributes }) => attributes["n"])).toEqual(["five", "6"]);
  });

  it("shifts both times by the file's span at each turn", async () => {
    const summary = await replay(BASIC, { turns: 3 });
    expect(summary).toMatchObject({ published: 9, turns: 3, duplicates: 0 });
    const sts = (await events()).map((event) => printTime(event.sts).slice(17, 21));
    expect(sts).toEqual(["03.0", "03.1", "05.0", "05.0", "05.1", "07.0", "07.0", "07.1", "09.0"]);
  });

  it("counts the same in a dry run, without a server", async () => {
    const real = await replay(BASIC);
    const dry = await runReplay({ file: file(BASIC), dryRun: true }, { logger: silentLogger });
    expect(dry).toMatchObject({
      rows: real.rows,
      late: real.late,
      columns: real.columns,
      published: 0,
      dryRun: true,
    });
  });
});

/** Each two bytes the other way round. */
function swapped(bytes: Buffer): Buffer {
  return Buffer.from(bytes).swap16();
}
