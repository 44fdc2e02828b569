import type { AppendRecord, Event, LogRecord, Order } from "@lastknown/shared";
import type { NewestState } from "../states/state-store.js";
import type { Rejection } from "./rejection.js";

/** Records of one partition that are worked on together, in the order of their offsets. */
export interface PartitionBatch {
  readonly partition: number;
  readonly records: readonly LogRecord[];
  /** Where the partition goes on after this batch. It counts offsets without records too. */
  readonly nextOffset: number;
}

/** A record that is an event. */
export interface Arrival {
  readonly kind: "arrival";
  readonly partition: number;
  readonly record: LogRecord;
  readonly bucket: number;
  /** Its user, in UTF-8. */
  readonly userBytes: Uint8Array;
  readonly schemaId: number;
  readonly event: Event;
  readonly order: Order;
  /** Its entry, as the audit gets it. */
  readonly auditRecord: AppendRecord;
}

/** A batch in which each record is either an arrival or rejected. */
export interface JudgedBatch {
  readonly partition: number;
  readonly nextOffset: number;
  readonly arrivals: readonly Arrival[];
  readonly rejections: readonly Rejection[];
}

/** A judged batch with the states that it makes, worked out before any effect of it. */
export interface PreparedBatch extends JudgedBatch {
  /** By bucket, each that has an arrival: of each user the newest, where the store is not known to have a newer one. */
  readonly states: ReadonlyMap<number, readonly NewestState[]>;
}

/** A prepared batch whose arrivals are new to the audit; its states are those of all. */
export interface SettledBatch extends PreparedBatch {
  /** Arrivals that are in the audit already. */
  readonly reapplied: readonly Arrival[];
}
