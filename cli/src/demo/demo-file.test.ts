import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { printMoment } from "@lastknown/e2e";
import { parseReplayFlags, runReplay, type ReplayFlags } from "@lastknown/producer";
import {
  bodyOf,
  canonicalJson,
  decodeEvent,
  MemoryLog,
  MemorySchemaRegistry,
  parseEventSchema,
  printTime,
  silentLogger,
  unframe,
} from "@lastknown/shared";
import { recomputeFile, surveyFile } from "./demo-file.js";
import { outcomeOf } from "./run-demo.js";

const TOPIC = "demo.events";

/** Times without a zone, around a change of the clock; numbers with a comma; a badge, a flag, a quoted text. */
const LOCAL = `who;when;received;level;badge;odd;text
a;2024-03-31 01:59:59,5;2024-03-31 01:59:59.9;1,5;007;1,5;plain
a;2024-03-31 02:30:00;2024-03-31 03:10:00;2,5;008;1.5;skipped
b;2024-03-31 03:00:00;2024-03-31 03:00:01;-3,25e1;9;2;"a;""b"""
b;2024-10-27 02:30:00;2024-10-27 03:10:00;4;9;3;twice
b;2024-10-27;2024-10-27 04:00;5;9;x;'day'
a;2024-03-31T01:00:00Z;2024-03-31 04:00:00;6;+1;4;late
a;2024-03-31T01:00:00Z;2024-03-31 04:00:01;6;+1;4;late
c;2024-12-01;2024-12-01;0,5;x;;`;
const COLUMNS: ReplayFlags = { userColumn: "who", timeColumn: "when", arrivalColumn: "received" };
const MADRID: ReplayFlags = { ...COLUMNS, zone: "Europe/Madrid" };

describe("what the oracle makes of a file", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "demo-file-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test.each<[string, ReplayFlags, number]>([
    ["a zone and a decimal comma", MADRID, 6],
    ["a decimal point", { ...MADRID, decimal: "." }, 6],
    ["no zone", COLUMNS, 0],
    ["types", { ...MADRID, types: "badge=long,odd=double,level=string" }, 4],
    ["a window", { ...MADRID, start: "2024-03-31T01:00:01Z", end: "2024-10-28T00:00:00Z" }, 4],
    ["other quotes", { ...MADRID, quote: "'" }, 5],
    ["no quotes", { ...MADRID, quote: "none", separator: ";" }, 5],
    ["columns that are no identity", { ...MADRID, notIdentity: "level,badge" }, 6],
    ["ids of its own", { ...MADRID, eventIdColumn: "badge" }, 6],
    ["a limit", { ...MADRID, limit: "3" }, 3],
  ])("with %s is what a replay sends", async (_what, flags, events) => {
    const file = join(directory, "rows.csv");
    writeFileSync(file, LOCAL);
    const options = parseReplayFlags(file, { ...flags, speed: "max" });
    const { arrivals } = recomputeFile(options, await surveyFile(options));
    expect(arrivals).toHaveLength(events);

    const log = new MemoryLog({ topics: { [TOPIC]: 1 } });
    const registry = new MemorySchemaRegistry();
    const target = { appender: log, registry, topic: TOPIC, subject: "demo.events-value", partitions: 1 };
    await runReplay(options, { target, logger: silentLogger });
    const { records } = await log.read(TOPIC, 0, 0, { bytesMax: 1e9, waitMs: 0 });
    const sent = records.map(async ({ value }) => {
      const framed = value ?? Buffer.alloc(0);
      const schema = parseEventSchema(await registry.textById(unframe(framed)?.schemaId ?? 0));
      const { user, timeStamp, sts, eventId, attributes } = decodeEvent(schema, bodyOf(framed));
      return [user, printTime(timeStamp), printTime(sts), eventId, canonicalJson(attributes)];
    });
    expect(await Promise.all(sent)).toEqual(
      arrivals.map(({ user, timeStamp, sts, eventId, attributes }) => [
        user,
        printMoment(timeStamp),
        printMoment(sts),
        eventId,
        attributes,
      ]),
    );
  });
});

test("the demo ends as replay does where all is right, and with 1 where something is wrong", () => {
  expect(outcomeOf(true, { exitCode: 0 })).toBe(0);
  expect(outcomeOf(true, { exitCode: 3 })).toBe(3);
  expect(outcomeOf(false, { exitCode: 3 })).toBe(1);
});
