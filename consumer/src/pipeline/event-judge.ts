import { isUtf8 } from "node:buffer";
import {
  AuditEntryEncoder,
  BUCKETS,
  FRAME_BYTES,
  framedSchemaId,
  isLegalTime,
  isPlainUserId,
  MalformedAvroError,
  murmur2,
  OUT_OF_RANGE,
  readEvent,
  userIdProblem,
  type Event,
  type ComparedEvent,
  type LogRecord,
  type MaxFutureSkew,
} from "@lastknown/shared";
import { ArrivalEntry, type WholeRecord } from "../arrivals/arrival-entry.js";
import { EventOrder } from "../arrivals/event-order.js";
import type { Arrival } from "../arrivals/partition-batch.js";
import type { PartlyRead, Rejection, RejectionReason } from "../arrivals/rejection.js";
import type { WriterSchema } from "./writer-schemas.js";

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
    const place: RecordPlace = { partition, record };
    const { key, value } = record;
    if (key === null) return rejection(place, "null_key", "the record has no key");
    if (!isPlainUserId(key)) {
      if (!isUtf8(key)) return rejection(place, "invalid_utf8", "the key is not valid UTF-8");
      const problem = userIdProblem(key.toString());
      if (problem !== undefined) return rejection(place, "illegal_user", problem);
    }
    const hash = murmur2(key);
    if (hash % partitions !== partition) {
      const user = key.toString();
      return rejection(place, "wrong_partition", `the key belongs to partition ${hash % partitions}`, {
        user,
      });
    }

    const schemaId = value === null ? undefined : framedSchemaId(value);
    if (value === null || schemaId === undefined)
      return rejection(place, "not_framed", "the value is not framed Avro", { user: key.toString() });
    const writer = schemas.get(schemaId);
    if (writer === undefined) throw new Error(`schema ${schemaId} was not asked for`);
    if (writer.kind !== "known") {
      const reason = writer.kind === "unknown" ? "unknown_schema" : "wrong_head";
      return rejection(place, reason, writer.error, { user: key.toString(), schemaId });
    }

    let event: ComparedEvent;
    try {
      event = readEvent(writer.schema, value, FRAME_BYTES, key);
    } catch (error) {
      if (!(error instanceof MalformedAvroError)) throw error;
      return rejection(place, "malformed_value", error.message, { user: key.toString(), schemaId });
    }
    if (!event.isAboutExpected) {
      return rejection(
        place,
        "key_mismatch",
        "the event is about another user than its key",
        readOf(event, schemaId),
      );
    }
    if (!isLegalTime(event.timeStamp) || !isLegalTime(event.sts)) {
      return rejection(place, "illegal_time", `a time is ${OUT_OF_RANGE}`, readOf(event, schemaId));
    }
    // Its key and value were looked at above.
    return this.#arrivalOf(partition, record as WholeRecord, { schemaId, event, bucket: hash % BUCKETS });
  }

  #arrivalOf(
    partition: number,
    record: WholeRecord,
    read: Pick<Arrival, "schemaId" | "event" | "bucket">,
  ): Arrival {
    const { schemaId, event, bucket } = read;
    const auditRecord = new ArrivalEntry(this.#encoder, partition, record, schemaId);
    const order = new EventOrder(event, this.#options.maxFutureSkew);
    const { key: userBytes } = record;
    return { kind: "arrival", partition, record, bucket, userBytes, schemaId, event, order, auditRecord };
  }
}

interface RecordPlace {
  readonly partition: number;
  readonly record: LogRecord;
}

function rejection(
  { partition, record }: RecordPlace,
  reason: RejectionReason,
  error: string,
  read: PartlyRead = {},
): Rejection {
  return { kind: "rejected", partition, record, reason, error, read };
}

/** What a rejected record's dead letter tells of the event that could be read. */
export function readOf({ user, eventId, timeStamp, sts }: Event, schemaId: number): PartlyRead {
  return { user, eventId, timeStamp, sts, schemaId };
}
