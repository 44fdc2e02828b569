import {
  fleetDifference,
  FatalError,
  type FleetRecord,
  type Logger,
  type LogRecord,
} from "@lastknown/shared";
import type { Arrival, FoldedArrival } from "../view/arrival.js";
import { SchemaCopies } from "../view/schema-copies.js";
import type { SchemaCopy, ViewStore } from "../view/view-store.js";
import { countVerdicts, type VerdictCounts } from "./count-verdicts.js";
import { readAuditRecord, type UnreadableReason } from "./read-audit-record.js";

/** What was read of one partition of the audit. */
export interface AuditPart {
  readonly partition: number;
  readonly records: readonly LogRecord[];
  /** Where the partition goes on. */
  readonly nextOffset: number;
}

/** What one fold took in. */
export interface Folded {
  /** The arrivals that were new. */
  readonly added: readonly FoldedArrival[];
  /** Of these. */
  readonly verdicts: VerdictCounts;
  /** How many the view had. */
  readonly doubles: number;
}

/** Told what was folded, and what failed. */
export interface FoldObserver {
  folded(batch: Folded): void;
  unreadable(reason: UnreadableReason): void;
  /** The audit could not be read. */
  failed(error: unknown): void;
}

export interface AuditFolderOptions {
  readonly store: ViewStore;
  readonly fleet: FleetRecord;
  readonly auditTopic: string;
  readonly observer: FoldObserver;
  readonly logger: Logger;
}

/** A record that the view does without. */
interface LeftOut {
  readonly partition: number;
  readonly offset: number;
  readonly reason: UnreadableReason;
  readonly detail: string;
}

/** What one fold has beside arrivals. */
interface Sorted {
  readonly schemas: SchemaCopy[];
  readonly leftOut: LeftOut[];
}

/** Unreadable records that are logged one by one; a broken writer could fill a disk with the rest. */
const UNREADABLE_LOGGED_MAX = 100;

/**
 * Folds records of the audit into the view.
 *
 * A record that cannot be read is left out and the rest goes on: it is logged with its coordinates, counted, and
 * `/readyz?verbose` reports the number. A fleet record that is not ours ends the process.
 */
export class AuditFolder {
  readonly #options: AuditFolderOptions;
  readonly #schemas: SchemaCopies;
  #unreadable = 0;

  constructor(options: AuditFolderOptions) {
    this.#options = options;
    this.#schemas = new SchemaCopies(options.store);
  }

  /** Records left out since the start. */
  get unreadableRecords(): number {
    return this.#unreadable;
  }

  /** All parts in one step. Throws FatalError on another fleet's record. */
  fold(parts: readonly AuditPart[]): void {
    const sorted: Sorted = { schemas: [], leftOut: [] };
    let read = 0;
    const batches = parts.map(({ partition, records, nextOffset }) => {
      const arrivals: Arrival[] = [];
      for (const record of records) this.#sort(partition, record, arrivals, sorted);
      read += arrivals.length;
      return { partition, arrivals, schemas: sorted.schemas, nextOffset };
    });
    const { store, observer } = this.#options;
    const added = store.fold(...batches);
    // What is not folded is read again.
    for (const record of sorted.leftOut) this.#leaveOut(record);
    observer.folded({ added, verdicts: countVerdicts(added), doubles: read - added.length });
  }

  #sort(partition: number, record: LogRecord, arrivals: Arrival[], { schemas, leftOut }: Sorted): void {
    const context = { fleet: this.#options.fleet, schemas: this.#schemas };
    const read = readAuditRecord(context, partition, record);
    switch (read.kind) {
      case "arrival":
        arrivals.push(read.arrival);
        return;
      case "schema":
        if (this.#isSameText(read.copy, schemas)) schemas.push(read.copy);
        else leftOut.push({ partition, offset: record.offset, ...anotherText(read.copy) });
        return;
      case "fleet":
        this.#requireOurs(partition, read.record);
        return;
      case "unreadable":
        leftOut.push({ partition, offset: record.offset, reason: read.reason, detail: read.detail });
    }
  }

  /** Entries were decoded with the first text, so a second one under the same id is not believed. */
  #isSameText({ schemaId, text }: SchemaCopy, ofThisFold: readonly SchemaCopy[]): boolean {
    const known =
      this.#options.store.schemaText(schemaId) ?? ofThisFold.find((copy) => copy.schemaId === schemaId)?.text;
    return known === undefined || known === text;
  }

  #requireOurs(partition: number, theirs: FleetRecord): void {
    const { auditTopic, fleet } = this.#options;
    const difference = fleetDifference(fleet, theirs);
    if (difference === undefined) return;
    throw new FatalError(`${auditTopic} partition ${partition} belongs to another fleet: ${difference}`, {
      fix: "the topic was made anew: restart the service with an empty data directory",
    });
  }

  #leaveOut({ partition, offset, reason, detail }: LeftOut): void {
    const { observer, logger, auditTopic: topic } = this.#options;
    this.#unreadable++;
    observer.unreadable(reason);
    if (this.#unreadable > UNREADABLE_LOGGED_MAX) return;
    logger.error("audit record cannot be read", { topic, partition, offset, reason, detail });
  }
}

function anotherText({ schemaId }: SchemaCopy): Pick<LeftOut, "reason" | "detail"> {
  return { reason: "schema", detail: `schema ${schemaId} has another text than its first copy` };
}
