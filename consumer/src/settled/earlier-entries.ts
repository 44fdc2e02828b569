import {
  auditEntryIn,
  auditRecordKind,
  decodeAuditEntry,
  slicesToEnd,
  type LogReader,
  type LogRecord,
  type Logger,
  type MaxFutureSkew,
  type PartitionEnds,
} from "@lastknown/shared";
import { newestStates, type StateSource } from "../arrivals/newest-states.js";
import type { Arrival, SettledBatch } from "../arrivals/partition-batch.js";
import { isFinal, type Rejection } from "../arrivals/rejection.js";
import type { Outlasting } from "../faults/patience.js";
import { patientReader } from "../faults/patient-reader.js";
import { isUnforeseen } from "../faults/unforeseen.js";
import { AuditEntries } from "./audit-entries.js";
import type { BucketProgress } from "./bucket-progress.js";

export interface EarlierEntriesOptions {
  readonly reader: LogReader;
  readonly progress: BucketProgress;
  readonly eventsTopic: string;
  readonly auditTopic: string;
  readonly maxFutureSkew: MaxFutureSkew;
  readonly patience: Outlasting;
  readonly logger: Logger;
}

/** Of the records from `from` on, only those below `to` can be in the audit. */
interface Entered {
  readonly from: number;
  readonly to: number;
}

/** A record of the audit, and the rejection of the record that it is the entry of. */
interface Standing {
  readonly auditRecord: LogRecord;
  readonly rejection: Rejection | undefined;
}

const READ_BYTES = 1024 * 1024;
/** An entry is appended after its record, but by another broker's clock. */
const CLOCKS_DIFFER_MS_MAX = 10 * 60_000;

/**
 * The entries of records that an assignment before brought into the audit and did not come to commit. This one may
 * judge such a record otherwise: as another version of the worker, or as the registry has lost its schema. A letter
 * would then say of what the audit has that it is no event, and Redis would lack its state for good. So what the audit
 * has counts.
 *
 * To look there is worth it only for rejections that do not follow from the record's bytes. The first of a partition
 * costs to read the audit from when the record was appended; all later ones, but those up to where an assignment
 * before had come, nothing.
 */
export class EarlierEntries {
  readonly #options: EarlierEntriesOptions;
  /** By partition, once the audit was read. What this assignment appends itself is not rejected by it. */
  readonly #entered = new Map<number, Entered>();

  constructor(options: EarlierEntriesOptions) {
    this.#options = options;
  }

  /** The batch with the rejected records that are in the audit among those that are applied again, as they stand there. */
  async recall(batch: SettledBatch, signal: AbortSignal): Promise<SettledBatch> {
    const asked = batch.rejections.filter((rejection) => this.#mayBeEntered(rejection));
    if (asked.length === 0) return batch;
    const found = await this.#find(batch.partition, asked, signal);
    if (found.size === 0) return batch;
    const reapplied = [...batch.reapplied, ...found.values()];
    return {
      ...batch,
      reapplied,
      rejections: batch.rejections.filter(({ record }) => !found.has(record.offset)),
      states: newestStates([...reapplied, ...batch.arrivals], this.#options.eventsTopic),
    };
  }

  #mayBeEntered({ partition, record, reason }: Rejection): boolean {
    if (isFinal(reason)) return false;
    const { from, to } = this.#entered.get(partition) ?? { from: Infinity, to: 0 };
    return record.offset < from || record.offset < to;
  }

  /** By offset. */
  async #find(
    partition: number,
    rejections: readonly Rejection[],
    signal: AbortSignal,
  ): Promise<Map<number, Arrival>> {
    const { reader, auditTopic, progress, maxFutureSkew, patience } = this.#options;
    const all = await patience.outlast("kafka", signal, () => reader.ends(auditTopic));
    const ends = all.get(partition) ?? { start: 0, end: 0 };
    const standing = await this.#standing(partition, rejections, ends, signal);
    const entries = new AuditEntries({
      reader: patientReader(reader, patience, signal),
      auditTopic,
      partition,
      settledTo: Infinity,
      buckets: new Set(progress.buckets(partition)),
      maxFutureSkew,
    });
    const found = new Map<number, Arrival>();
    for (const { auditRecord, rejection } of standing) {
      try {
        const { sources } = await entries.sourcesOf([auditRecord], ends);
        const arrival = arrivalOf(auditRecord, rejection, sources[0]);
        if (arrival === undefined) continue;
        // It may be this that fails, and then no letter must be kept from it.
        newestStates([arrival], this.#options.eventsTopic);
        found.set(arrival.record.offset, arrival);
      } catch (error) {
        if (!isUnforeseen(error, signal)) throw error;
      }
    }
    this.#tell(rejections, found);
    return found;
  }

  /** The entries of the rejected records, and the schemas' copies among them. */
  async #standing(
    partition: number,
    rejections: readonly Rejection[],
    ends: PartitionEnds,
    signal: AbortSignal,
  ): Promise<Standing[]> {
    const { reader, auditTopic: topic, patience } = this.#options;
    const asked = new Map(rejections.map((rejection) => [rejection.record.offset, rejection]));
    const appendedAtMs = Math.min(...rejections.map(({ record }) => record.appendedAtMs));
    const start = await this.#firstSince(appendedAtMs - CLOCKS_DIFFER_MS_MAX, partition, ends, signal);
    const place = { topic, partition, ends: { ...ends, start }, bytesMax: READ_BYTES };
    const standing: Standing[] = [];
    let to = 0;
    for await (const { records } of slicesToEnd(patientReader(reader, patience, signal), place)) {
      for (const auditRecord of records) {
        const entry = auditEntryIn(partition, auditRecord);
        if (entry !== undefined) to = Math.max(to, entry.offset + 1);
        const rejection = entry === undefined ? undefined : asked.get(entry.offset);
        if (rejection !== undefined || isCopy(auditRecord))
          standing.push({ auditRecord: copied(auditRecord), rejection });
      }
    }
    this.#entered.set(partition, { from: Math.min(...asked.keys()), to });
    return standing;
  }

  /** The first offset of the audit's partition with a record that was appended at this time or later. */
  async #firstSince(
    ms: number,
    partition: number,
    { start, end }: PartitionEnds,
    signal: AbortSignal,
  ): Promise<number> {
    const { reader, auditTopic, patience } = this.#options;
    let [low, high] = [start, end];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const appendedAtMs = await patience.outlast("kafka", signal, () =>
        reader.appendedAt(auditTopic, partition, middle),
      );
      if (appendedAtMs !== undefined && appendedAtMs < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #tell(rejections: readonly Rejection[], found: ReadonlyMap<number, Arrival>): void {
    for (const { partition, record, reason, error } of rejections) {
      const { offset } = record;
      if (!found.has(offset)) continue;
      const fields = { partition, offset, reason, error };
      this.#options.logger.warn("a record that is in the audit would be rejected now", fields);
    }
  }
}

function isCopy({ key }: LogRecord): boolean {
  return key !== null && auditRecordKind(key)?.kind === "schema";
}

/** Its buffers are views of a whole fetch. */
function copied({ key, value, ...record }: LogRecord): LogRecord {
  return { ...record, key: key && Buffer.from(key), value: value && Buffer.from(value) };
}

/** Undefined for a schema's copy, and for an entry that cannot be read. */
function arrivalOf(
  { key, value }: LogRecord,
  rejection: Rejection | undefined,
  source: StateSource | undefined,
): Arrival | undefined {
  if (value === null || rejection === undefined || source === undefined) return undefined;
  const { partition, record } = rejection;
  const { schemaId } = decodeAuditEntry(value);
  return { ...source, kind: "arrival", record, schemaId, auditRecord: { partition, key, value } };
}
