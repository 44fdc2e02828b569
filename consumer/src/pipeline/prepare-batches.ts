import type { Logger } from "@lastknown/shared";
import type { KnownOrders } from "../arrivals/known-orders.js";
import { askedStates } from "../arrivals/newest-states.js";
import type { Arrival, PartitionBatch, PreparedBatch } from "../arrivals/partition-batch.js";
import { internalRejection, type Rejection } from "../arrivals/rejection.js";
import { isUnforeseen } from "../faults/unforeseen.js";
import type { EventJudge } from "./event-judge.js";
import { failingAlone, type TriesOptions } from "./failing-alone.js";
import { schemaIdsIn } from "./schema-ids.js";
import type { WriterSchema, WriterSchemas } from "./writer-schemas.js";

export interface BatchPreparationOptions {
  readonly schemas: Pick<WriterSchemas, "ofIds">;
  readonly judge: Pick<EventJudge, "judge">;
  readonly known: Pick<KnownOrders, "has">;
  readonly eventsTopic: string;
  readonly tries: TriesOptions;
  readonly logger: Logger;
}

/** Batches with all that follows from their records alone, and the schemas that they were read with. */
export interface Preparation {
  readonly batches: readonly PreparedBatch[];
  readonly schemas: ReadonlyMap<number, WriterSchema>;
}

/**
 * All of the work that has no effect: it comes before the first effect, so that a record on which it fails is in the
 * dead letters and not in the audit as well.
 */
export class BatchPreparation {
  readonly #options: BatchPreparationOptions;

  constructor(options: BatchPreparationOptions) {
    this.#options = options;
  }

  /** A record on which it fails in a way nobody foresaw is set aside as `internal`, and the others go on. */
  async prepare(batches: readonly PartitionBatch[], signal: AbortSignal): Promise<Preparation> {
    try {
      return await this.#together(batches, signal);
    } catch (error) {
      if (!isUnforeseen(error, signal)) throw error;
      this.#options.logger.warn("unforeseen error, records are tried apart", { error });
      return await this.#apart(batches, signal);
    }
  }

  async #apart(batches: readonly PartitionBatch[], signal: AbortSignal): Promise<Preparation> {
    const alone = batches.flatMap((batch) =>
      batch.records.map((record): PartitionBatch => ({ ...batch, records: [record] })),
    );
    const attempt = async (some: readonly PartitionBatch[]): Promise<void> =>
      void (await this.#together(some, signal));
    const failing = await failingAlone(alone, attempt, this.#options.tries, signal);
    const blamed = new Map(
      [...failing].flatMap(([{ partition, records }, error]) =>
        records.map((record) => [record, internalRejection(partition, record, error)]),
      ),
    );
    const { schemas, batches: prepared } = await this.#together(
      batches.map((batch) => ({ ...batch, records: batch.records.filter((record) => !blamed.has(record)) })),
      signal,
    );
    const rejectionsIn = (index: number): Rejection[] =>
      (batches[index]?.records ?? []).flatMap((record) => blamed.get(record) ?? []);
    return {
      schemas,
      batches: prepared.map((batch, index) => ({
        ...batch,
        rejections: [...batch.rejections, ...rejectionsIn(index)],
      })),
    };
  }

  async #together(batches: readonly PartitionBatch[], signal: AbortSignal): Promise<Preparation> {
    const schemas = await this.#options.schemas.ofIds(schemaIdsIn(batches), signal);
    return { schemas, batches: batches.map((batch) => this.#prepare(batch, schemas)) };
  }

  #prepare(batch: PartitionBatch, schemas: ReadonlyMap<number, WriterSchema>): PreparedBatch {
    const { partition, nextOffset, records } = batch;
    const { judge, known, eventsTopic } = this.#options;
    const arrivals: Arrival[] = [];
    const rejections: Rejection[] = [];
    for (const record of records) {
      const judged = judge.judge(partition, record, schemas);
      if (judged.kind === "arrival") arrivals.push(judged);
      else rejections.push(judged);
    }
    const states = askedStates(arrivals, eventsTopic, known);
    return { partition, nextOffset, arrivals, rejections, states };
  }
}
