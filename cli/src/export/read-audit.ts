import { readAuditRecord, type AuditContext } from "@lastknown/query";
import {
  FatalError,
  fleetDifference,
  parseEventSchema,
  slicesToEnd,
  type EventSchema,
  type FleetRecord,
  type LogReader,
  type LogRecord,
  type PartitionEnds,
} from "@lastknown/shared";
import type { ArrivalLog, StoredArrival } from "./arrival-log.js";

const READ_BYTES = 2 * 1024 * 1024;
const NO_RECORDS: PartitionEnds = { start: 0, end: 0 };

/** Writers' schemas by their ids, as copied into the audit. */
export type SchemasById = ReadonlyMap<number, EventSchema>;

/** A record that is no part of an audit, or stands where it does not belong. */
export interface UnreadableRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly detail: string;
}

export interface AuditReading {
  readonly reader: LogReader;
  readonly auditTopic: string;
  readonly fleet: FleetRecord;
  readonly onUnreadable: (record: UnreadableRecord) => void;
  /** Which partitions; all unless given. */
  readonly partitions?: readonly number[];
}

/** Reads the audit as it stands now, up to its present ends, into the log. Gives the schemas copied into it. */
export async function readAudit(reading: AuditReading, into: ArrivalLog): Promise<SchemasById> {
  const { reader, auditTopic } = reading;
  const ends = await reader.ends(auditTopic);
  const texts = new Map<number, string>();
  for (const partition of reading.partitions ?? [...ends.keys()]) {
    const place = { topic: auditTopic, partition, ends: ends.get(partition) ?? NO_RECORDS };
    for await (const { records } of slicesToEnd(reader, { ...place, bytesMax: READ_BYTES })) {
      into.add(sortOut(reading, partition, records, texts));
    }
  }
  return new Map([...texts].map(([id, text]) => [id, parseEventSchema(text)]));
}

/** Bodies are decoded when all schemas are known: compaction moves a copy behind entries that use it. */
const NO_SCHEMAS: AuditContext["schemas"] = { byId: () => undefined };

/** Keeps the first copy of each schema in `texts`, as the view does, and gives the arrivals. */
function sortOut(
  { auditTopic: topic, fleet, onUnreadable }: AuditReading,
  partition: number,
  records: readonly LogRecord[],
  texts: Map<number, string>,
): StoredArrival[] {
  const arrivals: StoredArrival[] = [];
  for (const record of records) {
    const leaveOut = (detail: string): void => {
      onUnreadable({ topic, partition, offset: record.offset, detail });
    };
    const read = readAuditRecord({ fleet, schemas: NO_SCHEMAS }, partition, record);
    if (read.kind === "unreadable") {
      leaveOut(read.detail);
    } else if (read.kind === "schema") {
      const { schemaId, text } = read.copy;
      const first = texts.get(schemaId) ?? text;
      texts.set(schemaId, first);
      if (first !== text) leaveOut(`schema ${schemaId} has another text than its first copy`);
    } else if (read.kind === "arrival") {
      const { offset, appendedAtMs, schemaId, body } = read.arrival;
      arrivals.push({ partition, offset, appendedAtMs, schemaId, event: body });
    } else {
      requireSame(fleet, read.record, `${topic} partition ${partition}`);
    }
  }
  return arrivals;
}

function requireSame(ours: FleetRecord, theirs: FleetRecord, place: string): void {
  const difference = fleetDifference(ours, theirs);
  if (difference === undefined) return;
  throw new FatalError(`${place} belongs to another fleet: ${difference}`, {
    fix: "the topic was made anew; use another --fleet name",
  });
}
