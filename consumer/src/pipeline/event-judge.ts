import { isUtf8 } from "node:buffer";
import {
  AuditEntryEncoder,
  auditEntryKey,
  BUCKETS,
  isLegalTime,
  MalformedAvroError,
  murmur2,
  orderOf,
  readEvent,
  unframe,
  userIdProblem,
  type Event,
  type LogRecord,
  type MaxFutureSkew,
} from "@lastknown/shared";
import type { WriterSchema } from "./writer-schemas.js";
import type { Arrival } from "./partition-batch.js";
import type { PartlyRead, Rejection, RejectionReason } from "./rejection.js";

export interface EventJudgeOptions {
  readonly partitions: number;
  readonly maxFutureSkew: MaxFutureSkew;
  /** The registry's id of the audit entries' schema. */
  readonly auditSchemaId: number;
}

/** Decides of each record whether it is an event. Bad data is told by a reason, never by an exception. */
export class EventJudge {
  readonly #options: EventJudgeOptions;
  readonly #encoder: AuditEntryEncoder;

  constructor(options: EventJudgeOptions) {
    this.#options = options;
    this.#encoder = new AuditEntryEncoder(options.auditSchemaId);
  }

  /**
   * A pure function of the record. What it throws, nobody foresaw.
   *
   * @param schemas the writer schemas of all ids that occur in the batch
   */
  judge(
    partition: number,
    record: LogRecord,
    schemas: ReadonlyMap<number, WriterSchema>,
  ): Arrival | Rejection {
    const { partitions } = this.#options;
    const reject = (reason: RejectionReason, error: string, read: PartlyRead = {}): Rejection => {
      return { kind: "rejected", partition, record, reason, error, read };
    };

    const { key, value } = record;
    if (key === null) return reject("null_key", "the record has no key");
    const user = key.toString();
    // Decoding puts U+FFFD for what is not UTF-8, so only a key that holds one needs the closer look.
    if (user.includes("\ufffd") && !isUtf8(key)) return reject("invalid_utf8", "the key is not valid UTF-8");
    const problem = userIdProblem(user);
    if (problem !== undefined) return reject("illegal_user", problem);
    const hash = murmur2(key);
    if (hash % partitions !== partition) {
      return reject("wrong_partition", `the key belongs to partition ${hash % partitions}`, { user });
    }

    const framed = value === null ? undefined : unframe(value);
    if (framed === undefined) return reject("not_framed", "the value is not framed Avro", { user });
    const { schemaId, body } = framed;
    const writer = schemas.get(schemaId);
    if (writer === undefined) throw new Error(`schema ${schemaId} was not asked for`);
    if (writer.kind === "unknown") return reject("unknown_schema", writer.error, { user, schemaId });
    if (writer.kind === "wrong-head") return reject("wrong_head", writer.error, { user, schemaId });

    let event: Event;
    try {
      event = readEvent(writer.schema, body);
    } catch (error) {
      if (error instanceof MalformedAvroError)
        return reject("malformed_value", error.message, { user, schemaId });
      throw error;
    }
    if (event.user !== user) {
      return reject("key_mismatch", "the event is about another user than its key", readOf(event, schemaId));
    }
    if (!isLegalTime(event.timeStamp) || !isLegalTime(event.sts)) {
      return reject("illegal_time", "a time is outside 1900-01-01 to 2100-01-01", readOf(event, schemaId));
    }
    return this.#arrivalOf(partition, record, { schemaId, body, event, bucket: hash % BUCKETS });
  }

  #arrivalOf(
    partition: number,
    record: LogRecord,
    read: { schemaId: number; body: Buffer; event: Event; bucket: number },
  ): Arrival {
    const { schemaId, body, event, bucket } = read;
    const { offset, appendedAtMs } = record;
    const auditRecord = {
      partition,
      key: auditEntryKey(event.user, partition, offset, event.eventId),
      value: this.#encoder.encode({ partition, offset, appendedAtMs, schemaId, event: body }),
    };
    const order = orderOf(event, this.#options.maxFutureSkew);
    return { kind: "arrival", partition, record, bucket, schemaId, event, order, auditRecord };
  }
}

/** What a rejected record's dead letter tells of the event that could be read. */
export function readOf({ user, eventId, timeStamp, sts }: Event, schemaId: number): PartlyRead {
  return { user, eventId, timeStamp, sts, schemaId };
}
