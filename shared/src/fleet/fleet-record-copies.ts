import { setTimeout as sleep } from "node:timers/promises";
import { auditRecordKind, fleetRecordKey } from "../avro/audit-entry.js";
import { FatalError } from "../errors/index.js";
import type { Appender } from "../kafka/appender.js";
import type { LogReader, PartitionEnds } from "../kafka/log-reader.js";
import type { MaxFutureSkew } from "../domain/order.js";
import {
  fleetDifference,
  InvalidFleetRecordError,
  newFleetRecord,
  parseFleetRecord,
  printFleetRecord,
  type FleetRecord,
} from "./fleet-record.js";
import type { FleetNames } from "./names.js";

/** The fleet record's place in Redis. */
export interface FleetRecordCell {
  read(): Promise<string | undefined>;
  /** Writes only where nothing stands, and gives what stands afterwards. */
  writeIfAbsent(text: string): Promise<string>;
}

export interface FleetStores {
  readonly names: FleetNames;
  readonly reader: LogReader;
  readonly redis: FleetRecordCell;
}

/** Redis is left out by what has nothing to do with it. */
export type FleetStoresToRead = Omit<FleetStores, "redis"> & Partial<Pick<FleetStores, "redis">>;

/** What the settings of a process say of its fleet. */
export interface FleetShape {
  readonly partitions: number;
  readonly maxFutureSkew: MaxFutureSkew;
}

/** A copy of the record and where it stands, in words for a person. */
interface Copy {
  readonly place: string;
  readonly record: FleetRecord;
}

/**
 * Makes sure that every audit partition and Redis hold the fleet's record, writing it where it is not yet.
 * Running it again changes nothing. Of several that run at once, the one whose record Redis takes first makes the
 * fleet, and the others find its record in the audit; a record in Redis that stays alone is left over from topics
 * that are gone, and is refused.
 *
 * @throws FatalError where two copies differ, or the settings differ from them
 */
export async function establishFleet(
  stores: FleetStores & { appender: Appender },
  shape: FleetShape,
): Promise<FleetRecord> {
  const { names, reader, redis, appender } = stores;
  const inRedis = await readRedisCopy(redis);
  let inAudit = await readAuditCopies(reader, names.auditTopic);
  let record = inAudit.copies[0]?.record;
  if (record === undefined) {
    record = newFleetRecord(shape.partitions, shape.maxFutureSkew);
    if (!(await isFirst(redis, record))) {
      inAudit = await readAuditOfAnother(stores);
      record = (inAudit.copies[0] as Copy).record;
    }
  }
  checkShape(record, shape, names);
  checkCopies(record, [...inAudit.copies, ...(inRedis === undefined ? [] : [inRedis])], names);

  const key = fleetRecordKey();
  const value = Buffer.from(printFleetRecord(record));
  await appender.append(
    names.auditTopic,
    inAudit.missing.map((partition) => ({ partition, key, value })),
  );
  await writeRedisCopy(redis, record, names);
  return record;
}

/**
 * Holds the settings, the audit and Redis against each other at a process's start.
 *
 * A Redis that holds no record is not refused: a node that was emptied loses it with all else, and is healed.
 *
 * @throws FatalError where two copies differ, the settings differ from them, or the audit has none
 */
export async function verifyFleet(stores: FleetStoresToRead, shape: FleetShape): Promise<FleetRecord> {
  const { names, reader, redis } = stores;
  const { copies, missing } = await readAuditCopies(reader, names.auditTopic);
  const first = copies[0];
  if (first === undefined || missing.length > 0) {
    throw noRecordError(missing, names);
  }
  checkShape(first.record, shape, names);
  checkCopies(first.record, copies, names);
  if (redis !== undefined) verifyRedisCopy(first.record, await redis.read(), names);
  return first.record;
}

/**
 * The fleet's record as the audit has it, for who needs neither the settings nor Redis to agree with it.
 *
 * @throws FatalError where two copies differ, or the audit has none
 */
export async function readFleetRecord({ names, reader }: Omit<FleetStores, "redis">): Promise<FleetRecord> {
  const { copies, missing } = await readAuditCopies(reader, names.auditTopic);
  const first = copies[0];
  if (first === undefined) throw noRecordError(missing, names);
  checkCopies(first.record, copies, names);
  return first.record;
}

/**
 * Holds Redis's copy, as it was read, against the record of the audit.
 *
 * @throws FatalError where they differ
 */
export function verifyRedisCopy(record: FleetRecord, text: string | undefined, names: FleetNames): void {
  if (text !== undefined) checkCopies(record, [{ place: "Redis", record: parseCopy(text, "Redis") }], names);
}

/**
 * Holds the stores against the record that a running process knows, for the partitions that it is given: topics may
 * have been made anew, and Redis exchanged, since it started. A Redis without a record gets it back: it was emptied,
 * and from now on it is told from another fleet's again. Gives the ends of the audit's partitions.
 *
 * @throws FatalError where a copy or a topic's number of partitions differs, or an audit partition has no copy
 */
export async function verifyAssigned(
  { names, reader }: Omit<FleetStores, "redis">,
  record: FleetRecord,
  partitions: readonly number[],
): Promise<Map<number, PartitionEnds>> {
  const [auditEnds, eventsEnds] = await Promise.all([
    reader.ends(names.auditTopic),
    reader.ends(names.eventsTopic),
  ]);
  checkPartitionCount(names.auditTopic, auditEnds.size, record, names);
  // The reader may have asked before the topic grew; the group's leader has asked since.
  const highest = Math.max(-1, ...partitions);
  checkPartitionCount(names.eventsTopic, Math.max(eventsEnds.size, highest + 1), record, names);
  const assigned = new Map([...auditEnds].filter(([partition]) => partitions.includes(partition)));
  const { copies, missing } = await readCopiesIn(reader, names.auditTopic, assigned);
  if (missing.length > 0) throw madeAnewError(missing, record, names);
  checkCopies(record, copies, names);
  return assigned;
}

async function isFirst(redis: FleetRecordCell, record: FleetRecord): Promise<boolean> {
  const mine = printFleetRecord(record);
  return (await redis.writeIfAbsent(mine)) === mine;
}

/** How long another process may take from its record in Redis to the first one in the audit. */
const OTHERS_WAIT_MS = 3000;
const OTHERS_PAUSE_MS = 100;

/** Waits for the record of a process that makes the same fleet now. */
async function readAuditOfAnother({ names, reader, redis }: FleetStores): Promise<AuditCopies> {
  const deadlineMs = performance.now() + OTHERS_WAIT_MS;
  while (performance.now() < deadlineMs) {
    const inAudit = await readAuditCopies(reader, names.auditTopic);
    if (inAudit.copies.length > 0) return inAudit;
    await sleep(OTHERS_PAUSE_MS);
  }
  throw leftOverInRedis(await readRedisCopy(redis), names);
}

/**
 * The record stands at a partition's beginning, so one small read finds it; unless retention took that away and it
 * was written anew, or it was appended twice and compaction kept the later one.
 */
const FIRST_READ = { bytesMax: 65_536, waitMs: 100 };
const FURTHER_READS = { bytesMax: 4 * 1024 * 1024, waitMs: 100 };

interface AuditCopies {
  readonly copies: Copy[];
  /** Partitions without one. */
  readonly missing: number[];
}

async function readAuditCopies(reader: LogReader, auditTopic: string): Promise<AuditCopies> {
  return await readCopiesIn(reader, auditTopic, await reader.ends(auditTopic));
}

async function readCopiesIn(
  reader: LogReader,
  auditTopic: string,
  partitions: ReadonlyMap<number, PartitionEnds>,
): Promise<AuditCopies> {
  const copies: Copy[] = [];
  const missing: number[] = [];
  for (const [partition, ends] of partitions) {
    const place = `${auditTopic} partition ${partition}`;
    const text = await firstCopyIn(reader, auditTopic, partition, ends);
    if (text === undefined) missing.push(partition);
    else copies.push({ place, record: parseCopy(text, place) });
  }
  return { copies, missing };
}

/** Reads that bring nothing, one after the other, before the rest of the partition is given up. */
const EMPTY_READS_MAX = 20;

async function firstCopyIn(
  reader: LogReader,
  auditTopic: string,
  partition: number,
  { start, end }: PartitionEnds,
): Promise<string | undefined> {
  let emptyReads = 0;
  for (let offset = start; offset < end && emptyReads < EMPTY_READS_MAX;) {
    const limits = offset === start ? FIRST_READ : FURTHER_READS;
    const { records, nextOffset } = await reader.read(auditTopic, partition, offset, limits);
    const found = records.find(({ key }) => key !== null && auditRecordKind(key)?.kind === "fleet");
    if (found?.value != null) return found.value.toString();
    emptyReads = nextOffset === offset ? emptyReads + 1 : 0;
    offset = nextOffset;
  }
  return undefined;
}

async function readRedisCopy(redis: FleetRecordCell): Promise<Copy | undefined> {
  const text = await redis.read();
  return text === undefined ? undefined : { place: "Redis", record: parseCopy(text, "Redis") };
}

async function writeRedisCopy(redis: FleetRecordCell, record: FleetRecord, names: FleetNames): Promise<void> {
  const text = await redis.writeIfAbsent(printFleetRecord(record));
  checkCopies(record, [{ place: "Redis", record: parseCopy(text, "Redis") }], names);
}

function parseCopy(text: string, place: string): FleetRecord {
  try {
    return parseFleetRecord(text);
  } catch (cause) {
    if (!(cause instanceof InvalidFleetRecordError)) throw cause;
    const fix = "use the version of lastknown that wrote it, or another --fleet name";
    throw new FatalError(`the fleet record in ${place} cannot be read: ${cause.message}`, { fix, cause });
  }
}

function checkShape(record: FleetRecord, shape: FleetShape, names: FleetNames): void {
  const difference = fleetDifference({ ...record, ...shape }, record);
  if (difference === undefined) return;
  throw new FatalError(
    `fleet ${names.fleet} was made with other constants: ${difference} (the settings are "here")`,
    { fix: "set --partitions and --max-future-skew as the fleet has them, or use another --fleet name" },
  );
}

function checkCopies(record: FleetRecord, copies: readonly Copy[], names: FleetNames): void {
  for (const { place, record: copy } of copies) {
    const difference = fleetDifference(record, copy);
    if (difference === undefined) continue;
    throw new FatalError(`${place} belongs to another fleet than the audit topic: ${difference}`, {
      fix: `point at the servers that belong together, or remove what is left over of fleet ${names.fleet}`,
    });
  }
}

function checkPartitionCount(topic: string, found: number, record: FleetRecord, names: FleetNames): void {
  if (found === record.partitions) return;
  throw new FatalError(
    `topic ${topic} has ${found > record.partitions ? "at least " : ""}${found} partitions, where fleet ${record.id} was made with ${record.partitions}`,
    {
      fix: `the number is fixed for a fleet's life: make another fleet than ${names.fleet}, and replay into it`,
    },
  );
}

function madeAnewError(partitions: readonly number[], record: FleetRecord, names: FleetNames): FatalError {
  return new FatalError(
    `topic ${names.auditTopic} holds no record of fleet ${record.id} in partition ${partitions.join(", ")} any more: it was made anew`,
    { fix: fixOfNewAudit(names) },
  );
}

/** The next owner of each partition fills the new audit, as what the fleet before committed does not count. */
function fixOfNewAudit({ fleet, eventsTopic }: FleetNames): string {
  return `use another --fleet name; or, for a new audit of what ${eventsTopic} still has: stop the workers, delete the keys ${fleet}{*} of the old fleet from Redis, run lastknown topics --fleet ${fleet}`;
}

function noRecordError(partitions: readonly number[], names: FleetNames): FatalError {
  return new FatalError(
    `topic ${names.auditTopic} holds no fleet record in partition ${partitions.join(", ")}`,
    { fix: `run lastknown topics --fleet ${names.fleet}` },
  );
}

function leftOverInRedis(copy: Copy | undefined, names: FleetNames): FatalError {
  return new FatalError(`Redis holds fleet ${copy?.record.id ?? "?"}, but topic ${names.auditTopic} is new`, {
    fix: fixOfNewAudit(names),
  });
}
