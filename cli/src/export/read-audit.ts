import {
  auditRecordKind,
  decodeAuditEntry,
  FatalError,
  parseEventSchema,
  type EventSchema,
  type LogReader,
  type LogRecord,
} from "@lastknown/shared";
import type { ArrivalLog, StoredArrival } from "./arrival-log.js";

const READ_LIMITS = { bytesMax: 2 * 1024 * 1024, waitMs: 500 };
/** Reads in a row that brought nothing although the log goes on: more than any leader election takes. */
const EMPTY_READS_MAX = 120;

/** Writers' schemas by their ids, as copied into the audit. */
export type EventSchemas = ReadonlyMap<number, EventSchema>;

export interface AuditReading {
  readonly reader: LogReader;
  readonly auditTopic: string;
  /** Which partitions; all unless given. */
  readonly partitions?: readonly number[];
  /** Told after each read, for a sign of life. */
  readonly onRead?: (recordsRead: number) => void;
}

/** Reads the audit as it stands now, up to its present ends, into the log. Gives the schemas copied into it. */
export async function readAudit(reading: AuditReading, into: ArrivalLog): Promise<EventSchemas> {
  const { reader, auditTopic } = reading;
  const ends = await reader.ends(auditTopic);
  const texts = new Map<number, string>();
  let recordsRead = 0;
  for (const partition of reading.partitions ?? [...ends.keys()]) {
    const { start, end } = ends.get(partition) ?? { start: 0, end: 0 };
    let emptyReads = 0;
    for (let offset = start; offset < end;) {
      const slice = await reader.read(auditTopic, partition, offset, READ_LIMITS);
      emptyReads = slice.nextOffset === offset ? emptyReads + 1 : 0;
      if (emptyReads > EMPTY_READS_MAX) throw stuck(auditTopic, partition, offset);
      into.add(sortOut(slice.records, texts));
      offset = slice.nextOffset;
      recordsRead += slice.records.length;
      reading.onRead?.(recordsRead);
    }
  }
  return new Map([...texts].map(([id, text]) => [id, parseEventSchema(text)]));
}

/** Keeps schema copies in `texts` and gives the arrivals. */
function sortOut(records: readonly LogRecord[], texts: Map<number, string>): StoredArrival[] {
  const arrivals: StoredArrival[] = [];
  for (const { key, value } of records) {
    const kind = key === null ? undefined : auditRecordKind(key);
    if (value === null || kind === undefined) continue;
    if (kind.kind === "schema") texts.set(kind.schemaId, value.toString());
    if (kind.kind === "entry") arrivals.push(decodeAuditEntry(value));
  }
  return arrivals;
}

function stuck(topic: string, partition: number, offset: number): FatalError {
  return new FatalError(`topic ${topic} partition ${partition} gives nothing from offset ${offset} on`, {
    fix: "check that its leader is there: lastknown stack status, or the broker's own log",
  });
}
