import { afterEach, describe, expect, test } from "@jest/globals";
import {
  auditEntryKey,
  AuditEntryEncoder,
  EventEncoder,
  eventIdOfContent,
  evolveEventSchema,
  canonicalJson,
  fleetNames,
  fleetRecordKey,
  FRAME_BYTES,
  MemoryLog,
  newFleetRecord,
  parseIsoTime,
  partitionOf,
  printFleetRecord,
  schemaCopyKey,
  type AttributeValue,
  type EventSchema,
  type Micros,
} from "@lastknown/shared";
import { loadSettings } from "@lastknown/shared/settings";
import { LmdbArrivalLog } from "./lmdb/lmdb-arrival-log.js";
import { exportFrom, type ExportOptions } from "./run-export.js";

const names = fleetNames("buses");
const PARTITIONS = 4;
const settings = loadSettings({ flags: { fleet: "buses", partitions: String(PARTITIONS) }, environment: {} });
const SCHEMA_ID = 7;
const schema = evolveEventSchema(undefined, [
  { header: "speed", type: "double" },
  { header: "note, free", type: "string" },
]);

const OTHER = evolveEventSchema(undefined, [{ header: "elsewhere", type: "string" }]);

function micros(text: string): Micros {
  const parsed = parseIsoTime(text);
  if (parsed.kind !== "instant") throw new Error(text);
  return parsed.micros;
}

interface Row {
  readonly user: string;
  readonly time: string;
  readonly sts: string;
  readonly attributes?: Record<string, AttributeValue>;
}

/** Writes rows as a worker does; `offset` is the one in the events topic. */
class Audit {
  readonly log = new MemoryLog({
    topics: { [names.auditTopic]: PARTITIONS },
    now: () => (this.#nowMs += 10),
  });
  #nowMs = 1_700_000_000_000;
  readonly #encoder = new AuditEntryEncoder(99);

  async writeFleetRecord(): Promise<void> {
    const value = Buffer.from(printFleetRecord(newFleetRecord(PARTITIONS, 300_000_000)));
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    await this.log.append(
      names.auditTopic,
      partitions.map((partition) => ({ partition, key: fleetRecordKey(), value })),
    );
  }

  async copySchema(partition: number, text: EventSchema = schema): Promise<void> {
    await this.log.append(names.auditTopic, [
      { partition, key: schemaCopyKey(SCHEMA_ID), value: Buffer.from(text.text) },
    ]);
  }

  async write(row: Row, offset: number, appendedAtMs: number): Promise<void> {
    const attributes = row.attributes ?? {};
    const timeStamp = micros(row.time);
    const eventId = eventIdOfContent(row.user, timeStamp, canonicalJson(attributes));
    const partition = partitionOf(Buffer.from(row.user), PARTITIONS);
    const framed = new EventEncoder(schema, SCHEMA_ID).encode({
      eventId,
      user: row.user,
      timeStamp,
      sts: micros(row.sts),
      attributes,
    });
    const event = framed.subarray(FRAME_BYTES);
    const value = this.#encoder.encode({ partition, offset, appendedAtMs, schemaId: SCHEMA_ID, event });
    await this.log.append(names.auditTopic, [
      { partition, key: auditEntryKey(row.user, partition, offset, eventId), value },
    ]);
  }
}

const opened: LmdbArrivalLog[] = [];
afterEach(async () => {
  for (const log of opened.splice(0)) await log.close();
});

async function exported(audit: Audit, options: Partial<ExportOptions> = {}): Promise<string[]> {
  const log = new LmdbArrivalLog();
  opened.push(log);
  let text = "";
  const write = async (part: string): Promise<void> => void (text += part);
  await exportFrom(audit.log, names, log, {
    settings,
    format: "csv",
    choice: {},
    onUnreadable: ({ partition, offset, detail }) => {
      throw new Error(`${partition}/${offset}: ${detail}`);
    },
    write,
    ...options,
  });
  return text.trimEnd().split("\n");
}

const A1: Row = {
  user: "a",
  time: "2024-01-01T00:00:01Z",
  sts: "2024-01-01T00:00:02Z",
  attributes: { speed: 1.5 },
};
const A2: Row = {
  user: "a",
  time: "2024-01-01T00:00:05Z",
  sts: "2024-01-01T00:00:06Z",
  attributes: { speed: 2 },
};
const A1_LATE: Row = { ...A1, sts: "2024-01-01T00:00:07Z" };

async function auditOf(...rows: [Row, offset: number, appendedAtMs: number][]): Promise<Audit> {
  const audit = new Audit();
  await audit.writeFleetRecord();
  for (const partition of [0, 1, 2, 3]) await audit.copySchema(partition);
  for (const [row, offset, appendedAtMs] of rows) await audit.write(row, offset, appendedAtMs);
  return audit;
}

describe("an export", () => {
  test("gives each arrival once, in the order of source offsets, though redelivery and compaction moved entries", async () => {
    // Offset 0 was redelivered, and compaction kept only its last copy.
    const audit = await auditOf([A1, 0, 1000], [A2, 1, 2000], [A1_LATE, 2, 3000], [A1, 0, 1000]);
    audit.log.compact(names.auditTopic);
    const lines = (await exported(audit)).slice(1).map((line) => line.split(","));
    expect(lines.map((cells) => cells[10])).toEqual(["0", "1", "2"]);
  });

  test("refuses settings that are not the fleet's, as its verdicts would be wrong", async () => {
    const audit = await auditOf([A1, 0, 1000]);
    const other = (flags: Record<string, string>): Promise<string[]> =>
      exported(audit, { settings: loadSettings({ flags: { fleet: "buses", ...flags }, environment: {} }) });
    await expect(other({ partitions: "8" })).rejects.toThrow("8 partitions here and 4 there");
    const partitions = String(PARTITIONS);
    await expect(other({ partitions, "max-future-skew": "off" })).rejects.toThrow("max_future_skew");
  });

  test("leaves out records that are none of an audit, and tells where they stand", async () => {
    const audit = await auditOf([A1, 0, 1000]);
    const partition = partitionOf(Buffer.from("a"), PARTITIONS);
    await audit.log.append(names.auditTopic, [
      { partition, key: Buffer.from("stray"), value: Buffer.from("garbage") },
      { partition, key: auditEntryKey("a", partition, 1, "0".repeat(32)), value: Buffer.from("garbage") },
      {
        partition: (partition + 1) % PARTITIONS,
        key: schemaCopyKey(SCHEMA_ID),
        value: Buffer.from(OTHER.text),
      },
    ]);
    await audit.write(A2, 2, 2000);
    const left: string[] = [];
    const lines = await exported(audit, {
      onUnreadable: ({ detail, offset }) => void left.push(`${offset} ${detail}`),
    });
    expect(lines).toHaveLength(3);
    expect(left.map((line) => line.replace(/^\d+ /, "")).sort()).toEqual([
      expect.stringContaining("framed"),
      `schema ${SCHEMA_ID} has another text than its first copy`,
      "the key is none of an audit",
    ]);
  });

  test("derives verdicts in that order, not in the audit's", async () => {
    const audit = await auditOf([A2, 1, 2000], [A1_LATE, 2, 3000], [A1, 0, 1000]);
    const verdicts = (await exported(audit)).slice(1).map((line) => line.split(",")[6]);
    expect(verdicts).toEqual(["applied", "applied", "duplicate"]);
  });

  test("merges partitions by append time without changing the order within one", async () => {
    const b: Row = { ...A1, user: "c" };
    expect(partitionOf(Buffer.from("c"), PARTITIONS)).not.toBe(partitionOf(Buffer.from("a"), PARTITIONS));
    // The broker's clock went back between the two arrivals of a.
    const audit = await auditOf([A1, 0, 5000], [A2, 1, 1000], [b, 0, 3000]);
    expect((await exported(audit)).slice(1).map((line) => line.split(",")[0])).toEqual(["c", "a", "a"]);
  });

  test("judges arrivals outside from and to, though it leaves them out", async () => {
    const audit = await auditOf([A1, 0, 1000], [A1_LATE, 1, 2000], [A2, 2, 3000]);
    const from = await exported(audit, { choice: { from: micros("2024-01-01T00:00:05Z") } });
    expect(from.slice(1).map((line) => line.split(",")[10])).toEqual(["2"]);
    const to = await exported(audit, { choice: { to: micros("2024-01-01T00:00:05Z") } });
    expect(to.slice(1).map((line) => line.split(",")[6])).toEqual(["applied", "duplicate"]);
  });

  test("of one user reads that user's partition alone", async () => {
    const audit = await auditOf([A1, 0, 1000], [{ ...A1, user: "c" }, 0, 1500]);
    const lines = await exported(audit, { choice: { user: "c" } });
    expect(lines.slice(1).map((line) => line.split(",")[0])).toEqual(["c"]);
  });

  test("quotes what CSV needs quoted, and leaves absent cells empty", async () => {
    const row: Row = { ...A1, attributes: { "note, free": 'says "hi"\nand; more' } };
    const text = (await exported(await auditOf([row, 0, 1000]))).join("\n");
    expect(text).toContain('user,time_stamp,sts,speed,"note, free",lastknown.event_id');
    expect(text).toContain('00.000000Z,,"says ""hi""\nand; more",'.replace("00.000000Z", "02.000000Z"));
  });

  test("writes a number past 2^53 so that a replay reads a number, not an id", async () => {
    const row: Row = { ...A1, attributes: { speed: 1.2345678901234567e19 } };
    const [, line] = await exported(await auditOf([row, 0, 1000]));
    const cell = line?.split(",")[3] ?? "";
    expect(cell).toBe("1.2345678901234567e+19");
    expect(Number(cell)).toBe(1.2345678901234567e19);
  });

  test("as NDJSON has the members of the history, with numbers as numbers", async () => {
    const [line = ""] = await exported(await auditOf([A1, 0, 1000]), { format: "ndjson" });
    expect(JSON.parse(line)).toMatchObject({
      user: "a",
      time_stamp: "2024-01-01T00:00:01.000000Z",
      attributes: { speed: 1.5 },
      source: { topic: "buses.events", offset: 0 },
      appended_at: "1970-01-01T00:00:01.000000Z",
      verdict: "applied",
      clamped: false,
      repeated: false,
    });
  });

  test("says which schema copy is missing where the audit was trimmed", async () => {
    const audit = new Audit();
    await audit.writeFleetRecord();
    await audit.write(A1, 0, 1000);
    await expect(exported(audit)).rejects.toThrow(/no copy of schema 7/);
  });
});
