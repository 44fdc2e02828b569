import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import {
  decodeEvent,
  EventEncoder,
  parseEventSchema,
  partitionOf,
  type AppendRecord,
  type Event,
} from "@lastknown/shared";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { appendRecords } from "./harness/append-records.js";
import { outputOf } from "./harness/command-output.js";
import { KafkaTools } from "./harness/kafka-tools.js";
import type { Service } from "./harness/lastknown.js";
import { ServerGate } from "./harness/server-gate.js";
import { requiredEnvironment, TestFleet } from "./harness/test-fleet.js";
import {
  complaintsAbout,
  readSchemaTexts,
  readTopic,
  type FleetJudgement,
  type TopicRecord,
} from "./oracle/index.js";

jest.setTimeout(180_000);

const PARTITIONS = 4;
const USERS = 24;
/** The audit of this fleet takes no longer record; the events topic does. */
const AUDIT_RECORD_BYTES_MAX = 100_000;
const UNKNOWN_ID = 0x7fff_fffe;

describe("records that are no events", () => {
  let fleet: TestFleet;
  let worker: Service;
  let gate: ServerGate;
  const brokers = requiredEnvironment("LASTKNOWN_KAFKA_BROKERS");
  const registryUrl = requiredEnvironment("LASTKNOWN_REGISTRY_URL");
  /** In the order of appending. */
  let bad: BadRecord[] = [];

  beforeAll(async () => {
    fleet = await TestFleet.create({ prefix: "dead-letters", partitions: PARTITIONS });
    gate = await ServerGate.before(new URL(registryUrl));
    const limit = { "max.message.bytes": String(AUDIT_RECORD_BYTES_MAX) };
    await new KafkaTools(brokers).configureTopic(`${fleet.name}.audit`, limit);
    await replayRows("before", "", 0);
    const good = await readTopic({ brokers, topic: `${fleet.name}.events` });
    bad = await badRecords(fleet.name, registryUrl, good);
    await appendRecords(`${fleet.name}.events`, mixed(good, bad));
    await replayRows("after", "", 1);
    // Only the worker sees the registry through the gate.
    const { pathname } = new URL(registryUrl);
    worker = await fleet.startWorker({ LASTKNOWN_REGISTRY_URL: `http://127.0.0.1:${gate.port}${pathname}` });
    await fleet.caughtUp();
  });

  afterAll(async () => {
    await fleet?.close();
    await gate?.shut();
  });

  async function replayRows(name: string, moreColumns: string, turn: number): Promise<void> {
    const path = join(fleet.folder, `${name}.csv`);
    const moreCells = moreColumns === "" ? "" : ",1";
    const rows = Array.from({ length: USERS }, (_, user) => {
      const time = new Date(Date.UTC(2024, 3, 1, turn, 0, user)).toISOString();
      return `user ${user},${time},${time},${user * 1.5},"words, ${user}"${moreCells}`;
    });
    await writeFile(path, [`user_id,time_stamp,sts,speed,note${moreColumns}`, ...rows].join("\n"));
    await fleet.replay(path);
  }

  const judge = (): Promise<FleetJudgement> =>
    fleet.judge({ doublesAllowed: true, auditRecordBytesMax: AUDIT_RECORD_BYTES_MAX });

  const deadLetters = async (): Promise<ListedLetter[]> => {
    const { stdout } = await command(fleet, ["dlq", "list", "--json", "--limit", "1000"]);
    const lines = stdout.toString().trim().split("\n");
    return lines.map((line) => JSON.parse(line) as ListedLetter);
  };

  it("are each in the dead letters with their bytes and the reason, and every event around them arrives", async () => {
    const found = (await deadLetters()).map(({ reason, value }) => `${reason} ${value.slice(0, 200)}`);
    const wanted = bad.map(({ reason, record }) => `${reason} ${base64(record.value).slice(0, 200)}`);
    expect(found.toSorted()).toEqual(wanted.toSorted());
    // Where the audit refuses a record as too large, those of its batch are appended again without it.
    const judgement = await judge();
    expect(complaintsAbout(judgement)).toEqual([]);
    expect(judgement.deadLetters.checked).toBe(bad.length);
  });

  it("can be looked at one by one: raw, as JSON, and as a person reads them", async () => {
    const letters = await deadLetters();
    const letter = letters.find(({ headers }) => headers["header.trace"] !== undefined);
    const original = bad.find(({ record }) => record.headers !== undefined)?.record;
    const place = `${letter?.partition}/${letter?.offset}`;
    const raw = await command(fleet, ["dlq", "show", place, "--raw"]);
    expect(raw.stdout.equals(original?.value ?? Buffer.alloc(0))).toBe(true);
    const json = await command(fleet, ["dlq", "show", place, "--json"]);
    expect(JSON.parse(json.stdout.toString())).toEqual(letter);
    const text = (await command(fleet, ["dlq", "show", place])).stdout.toString();
    expect(text).toContain("malformed_value");
    expect(text).toContain("abc-123");
    expect(text).toContain(`VALUE, ${original?.value?.length} bytes`);
    const nowhere = await outputOf(["dlq", "show", "0/99999"], { environment: environmentOf(fleet) });
    expect(nowhere.exitCode).toBe(1);
    expect(nowhere.messages.trim().split("\n")).toHaveLength(1);
  });

  it("are not what is left when the registry is away: the worker waits, and nothing is a dead letter", async () => {
    const before = await deadLetters();
    await gate.shut();
    await replayRows("wider", ",added", 2);
    const { lag } = await fleet.untilLag((now) => now.lag > 0, { boundMs: 10_000 });
    expect(lag).toBeGreaterThan(0);
    await pause(3_000);
    expect(await worker.status("/livez")).toBe(200);
    const metrics = await (await fetch(`http://127.0.0.1:${worker.operationsPort}/metrics`)).text();
    expect(metrics).toMatch(/^lastknown_waiting_on_server\{server="registry"\} 1$/m);
    await gate.open();
    await fleet.caughtUp();
    expect(await deadLetters()).toEqual(before);
    expect(complaintsAbout(await judge())).toEqual([]);
  });
});

/** A line of `dlq list --json`, as far as it is looked at. */
interface ListedLetter {
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  /** In base64. */
  readonly value: string;
}

interface BadRecord {
  readonly reason: string;
  readonly record: AppendRecord<Buffer>;
}

/** At least one record for every reason that data can give. */
async function badRecords(fleet: string, registryUrl: string, good: TopicRecord[]): Promise<BadRecord[]> {
  const { key, value } = good[0] as { key: Buffer; value: Buffer };
  const schemaId = value.readUInt32BE(1);
  const schema = parseEventSchema((await readSchemaTexts(registryUrl, [schemaId])).get(schemaId) ?? "");
  const encoder = new EventEncoder(schema, schemaId);
  const event = decodeEvent(schema, value.subarray(5));
  const about = (change: Partial<Event>): Buffer => encoder.encode({ ...event, ...change });
  const home = partitionOf(key, PARTITIONS);
  const at = (
    recordKey: Buffer | null,
    recordValue: Buffer | null,
    partition = home,
  ): AppendRecord<Buffer> => {
    return { partition, key: recordKey, value: recordValue };
  };
  const framedBy = (id: number): Buffer => {
    const framed = Buffer.from(value);
    framed.writeUInt32BE(id, 1);
    return framed;
  };
  const longUser = "u".repeat(257);
  const headless = await registerHeadless(fleet, registryUrl);
  return [
    { reason: "null_key", record: at(null, about({ user: "nobody" })) },
    { reason: "invalid_utf8", record: at(Buffer.from("75ff2037", "hex"), about({ user: "u\ufffd 7" })) },
    { reason: "illegal_user", record: at(Buffer.alloc(0), about({ user: "" })) },
    { reason: "illegal_user", record: at(Buffer.from("nul\0"), about({ user: "nul\0" })) },
    { reason: "illegal_user", record: at(Buffer.from(longUser), about({ user: longUser })) },
    { reason: "wrong_partition", record: at(key, about({ sts: 1 }), (home + 1) % PARTITIONS) },
    { reason: "not_framed", record: at(key, null) },
    { reason: "not_framed", record: at(key, Buffer.from('{"speed":1}')) },
    { reason: "not_framed", record: at(key, Buffer.from("00000000", "hex")) },
    { reason: "unknown_schema", record: at(key, framedBy(UNKNOWN_ID)) },
    { reason: "wrong_head", record: at(key, framedBy(headless)) },
    {
      reason: "malformed_value",
      record: { ...at(key, value.subarray(0, -3)), headers: { trace: Buffer.from("abc-123") } },
    },
    { reason: "malformed_value", record: at(key, Buffer.concat([value, Buffer.from([7])])) },
    { reason: "malformed_value", record: at(key, Buffer.concat([value.subarray(0, 5), Buffer.alloc(9)])) },
    { reason: "key_mismatch", record: at(key, about({ user: "somebody else" })) },
    { reason: "illegal_time", record: at(key, about({ timeStamp: Date.UTC(2200, 0, 1) * 1000 })) },
    { reason: "illegal_time", record: at(key, about({ sts: Date.UTC(1800, 0, 1) * 1000 })) },
    { reason: "too_large", record: at(key, about({ attributes: { note: "n".repeat(150_000) } })) },
  ];
}

/** A schema that the registry has, whose records are no events of ours. */
async function registerHeadless(fleet: string, registryUrl: string): Promise<number> {
  const schema = JSON.stringify({
    type: "record",
    name: "Headless",
    fields: [{ name: `f${randomBytes(4).toString("hex")}`, type: "string" }],
  });
  const response = await fetch(`${registryUrl}/subjects/${fleet}.other-value/versions`, {
    method: "POST",
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify({ schema }),
  });
  return ((await response.json()) as { id: number }).id;
}

/** The good records are sent once more, as a sender does that had no answer, with the bad ones among them. */
function mixed(good: readonly TopicRecord[], bad: readonly BadRecord[]): AppendRecord[] {
  const records: AppendRecord[] = [];
  for (let index = 0; index < Math.max(good.length, bad.length); index++) {
    const [one, poison] = [good[index], bad[index]];
    if (one !== undefined) records.push({ partition: one.partition, key: one.key, value: one.value });
    if (poison !== undefined) records.push(poison.record);
  }
  return records;
}

function environmentOf({ name }: TestFleet): NodeJS.ProcessEnv {
  return { LASTKNOWN_FLEET: name, LASTKNOWN_PARTITIONS: String(PARTITIONS) };
}

async function command(fleet: TestFleet, args: readonly string[]): Promise<{ stdout: Buffer }> {
  const output = await outputOf(args, { environment: environmentOf(fleet) });
  if (output.exitCode !== 0) throw new Error(`${args.join(" ")}: ${output.exitCode} ${output.messages}`);
  return output;
}

function base64(value: Buffer | null): string {
  return (value ?? Buffer.alloc(0)).toString("base64");
}
