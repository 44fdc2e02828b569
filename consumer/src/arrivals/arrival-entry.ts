import {
  auditEntryKeyLength,
  FRAME_BYTES,
  writeAuditEntryKey,
  type AppendBytes,
  type AppendRecord,
  type AuditEntryEncoder,
  type EntryPlace,
  type LogRecord,
} from "@lastknown/shared";

/** A record whose key and value are there. */
export type WholeRecord = LogRecord & { readonly key: Buffer; readonly value: Buffer };

/**
 * The audit's record of an arrival, which is written straight from that of the events to where it goes out from. It is
 * one object for each arrival: what lives as long as its batch, the garbage collector copies meanwhile.
 */
export class ArrivalEntry implements AppendRecord, EntryPlace {
  readonly partition: number;
  readonly schemaId: number;
  readonly #record: WholeRecord;
  readonly #encoder: AuditEntryEncoder;
  readonly #valueBytes: number;

  /**
   * @param schemaId the writer's schema of the event
   * @throws RangeError where the record holds what is no exact integer
   */
  constructor(encoder: AuditEntryEncoder, partition: number, record: WholeRecord, schemaId: number) {
    this.partition = partition;
    this.schemaId = schemaId;
    this.#record = record;
    this.#encoder = encoder;
    this.#valueBytes = encoder.lengthOf(this, record.value.length - FRAME_BYTES);
  }

  get offset(): number {
    return this.#record.offset;
  }

  get appendedAtMs(): number {
    return this.#record.appendedAtMs;
  }

  get key(): AppendBytes {
    return new KeyBytes(this, this.#record);
  }

  get value(): AppendBytes {
    return new ValueBytes(this.#encoder, this, this.#record.value, this.#valueBytes);
  }
}

class KeyBytes implements AppendBytes {
  readonly #entry: EntryPlace;
  readonly #record: WholeRecord;

  constructor(entry: EntryPlace, record: WholeRecord) {
    this.#entry = entry;
    this.#record = record;
  }

  get length(): number {
    return auditEntryKeyLength(this.#record.key.length);
  }

  copy(target: Buffer, at: number): void {
    const { key, value } = this.#record;
    const { partition, offset } = this.#entry;
    writeAuditEntryKey(target, at, { user: key, partition, offset }, { bytes: value, from: FRAME_BYTES });
  }
}

class ValueBytes implements AppendBytes {
  readonly length: number;
  readonly #encoder: AuditEntryEncoder;
  readonly #entry: EntryPlace;
  readonly #framed: Buffer;

  constructor(encoder: AuditEntryEncoder, entry: EntryPlace, framed: Buffer, length: number) {
    this.length = length;
    this.#encoder = encoder;
    this.#entry = entry;
    this.#framed = framed;
  }

  /** The event begins behind its frame and ends with the value: the entry takes it from there unseen. */
  copy(target: Buffer, at: number): void {
    this.#encoder.write(target, at, this.#entry, { bytes: this.#framed, from: FRAME_BYTES });
  }
}
