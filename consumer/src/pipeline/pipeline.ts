import type { DeadLetterBreaker } from "../dead-letters/dead-letter-breaker.js";
import type { DeadLetters } from "../dead-letters/dead-letters.js";
import { unframe } from "@lastknown/shared";
import type { WorkerMetrics } from "../worker-metrics.js";
import type { StateApplier } from "./apply-states.js";
import type { AuditLog } from "./audit-log.js";
import { readOf, type EventJudge } from "./event-judge.js";
import type { WriterSchemas, WriterSchema } from "./writer-schemas.js";
import type { Arrival, JudgedBatch, PartitionBatch } from "./partition-batch.js";
import type { Rejection } from "./rejection.js";

export interface PipelineOptions {
  readonly schemas: WriterSchemas;
  readonly judge: EventJudge;
  readonly audit: AuditLog;
  readonly deadLetters: DeadLetters;
  readonly breaker: DeadLetterBreaker;
  readonly states: StateApplier;
  readonly metrics: WorkerMetrics;
}

/**
 * What happens to records, in the order that the guarantees need: the audit has a record, or the dead letters
 * have it, before its state and its bucket's progress are written; and all of that before the caller commits.
 */
export class Pipeline {
  readonly #options: PipelineOptions;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /**
   * Resolves when every effect of the batches is acknowledged. Gives the partitions of which the store has lost
   * what it acknowledged before: these have to be applied again from there, and must not be committed.
   */
  async run(batches: readonly PartitionBatch[], signal: AbortSignal): Promise<Set<number>> {
    const schemas = await this.#options.schemas.ofIds(schemaIdsIn(batches), signal);
    const judged = batches.map((batch) => this.#judge(batch, schemas));
    const settled = await this.#appendToAudit(judged, schemas, signal);
    await this.#sendDeadLetters(settled, signal);
    return await this.#options.states.apply(settled, signal);
  }

  #judge(batch: PartitionBatch, schemas: ReadonlyMap<number, WriterSchema>): JudgedBatch {
    const { partition, nextOffset, records } = batch;
    const arrivals: Arrival[] = [];
    const rejections: Rejection[] = [];
    for (const record of records) {
      const judged = this.#options.judge.judge(partition, record, schemas);
      if (judged.kind === "arrival") arrivals.push(judged);
      else rejections.push(judged);
    }
    return { partition, nextOffset, arrivals, rejections };
  }

  /** Gives the batches with what the audit does not take among their rejections. */
  async #appendToAudit(
    batches: readonly JudgedBatch[],
    schemas: ReadonlyMap<number, WriterSchema>,
    signal: AbortSignal,
  ): Promise<readonly JudgedBatch[]> {
    const { audit, metrics } = this.#options;
    const { entered, tooLarge } = await audit.enter(
      batches.flatMap(({ arrivals }) => arrivals),
      schemas,
      signal,
    );
    metrics.auditEntries.inc(entered.length);
    if (tooLarge.length === 0) return batches;
    const refused = new Set(tooLarge);
    return batches.map((batch) => ({
      ...batch,
      arrivals: batch.arrivals.filter((arrival) => !refused.has(arrival)),
      rejections: [
        ...batch.rejections,
        ...batch.arrivals.filter((arrival) => refused.has(arrival)).map(tooLargeRejection),
      ],
    }));
  }

  async #sendDeadLetters(batches: readonly JudgedBatch[], signal: AbortSignal): Promise<void> {
    const { deadLetters, breaker, metrics } = this.#options;
    const rejections = batches.flatMap((batch) => batch.rejections);
    breaker.count(batches);
    await deadLetters.send(rejections, signal);
    for (const { reason } of rejections) metrics.deadLetters.inc({ reason });
  }
}

function schemaIdsIn(batches: readonly PartitionBatch[]): Set<number> {
  const ids = new Set<number>();
  for (const { records } of batches) {
    for (const { value } of records) {
      const framed = value === null ? undefined : unframe(value);
      if (framed !== undefined) ids.add(framed.schemaId);
    }
  }
  return ids;
}

function tooLargeRejection({ partition, record, schemaId, event }: Arrival): Rejection {
  const error = "the audit does not take so long an entry";
  return { kind: "rejected", partition, record, reason: "too_large", error, read: readOf(event, schemaId) };
}
