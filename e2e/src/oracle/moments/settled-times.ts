import { readAuditRecord } from "../avro/audit-record.js";
import type { Source } from "../event/arrival.js";
import type { FleetEvidence } from "../read-fleet.js";
import type { TopicRecord } from "../servers/topic-record.js";

/**
 * When each record of the events topic was first in the audit or in the dead letters, by the brokers' clocks: both
 * topics have to be stamped by their brokers (`message.timestamp.type=LogAppendTime`).
 */
export class SettledTimes {
  /** By partition: for each offset the moment of its first audit entry, or undefined. */
  readonly #audited = new Map<number, (number | undefined)[]>();
  /** By partition: at index n the moment at which all records below offset n were settled. */
  readonly #allBelow = new Map<number, number[]>();

  constructor({ events, audit, letters }: Pick<FleetEvidence, "events" | "audit" | "letters">) {
    const lettered = new Map<number, (number | undefined)[]>();
    for (const record of audit) note(this.#audited, entrySource(record), record.timestampMs);
    for (const record of letters) note(lettered, letterSource(record), record.timestampMs);
    for (const { partition, offset } of events) {
      const allBelow = this.#allBelow.get(partition) ?? [0];
      this.#allBelow.set(partition, allBelow);
      const audited = this.#audited.get(partition)?.[offset] ?? Infinity;
      const settled = Math.min(audited, lettered.get(partition)?.[offset] ?? Infinity);
      allBelow[offset + 1] = Math.max(allBelow.at(-1) ?? 0, settled);
    }
  }

  /** Infinity where it never was. */
  auditedAtMs({ partition, offset }: Source): number {
    return this.#audited.get(partition)?.[offset] ?? Infinity;
  }

  /** Infinity where one of them never was, or where the topic does not reach so far. */
  allSettledAtMs(partition: number, offset: number): number {
    return offset === 0 ? 0 : (this.#allBelow.get(partition)?.[offset] ?? Infinity);
  }
}

function note(times: Map<number, (number | undefined)[]>, source: Source | undefined, atMs: number): void {
  if (source === undefined) return;
  const own = times.get(source.partition) ?? [];
  times.set(source.partition, own);
  own[source.offset] = Math.min(own[source.offset] ?? Infinity, atMs);
}

function entrySource({ key, value }: TopicRecord): Source | undefined {
  if (key === null || value === null) return undefined;
  const record = readAuditRecord(key, value);
  if (record.kind !== "entry") return undefined;
  return { partition: record.entry.keyPartition, offset: record.entry.keyOffset };
}

function letterSource({ key }: TopicRecord): Source | undefined {
  const [, partition, offset] = /\/(\d+)\/(\d+)$/.exec(key?.toString() ?? "") ?? [];
  return offset === undefined ? undefined : { partition: Number(partition), offset: Number(offset) };
}
