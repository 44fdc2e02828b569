import type { Logger } from "@lastknown/shared";
import { newestStates } from "../arrivals/newest-states.js";
import type { Arrival, PartitionBatch, SettledBatch } from "../arrivals/partition-batch.js";
import { internalRejection, type Rejection } from "../arrivals/rejection.js";
import type { DeadLetterBreaker } from "../dead-letters/dead-letter-breaker.js";
import type { DeadLetters } from "../dead-letters/dead-letters.js";
import { isUnforeseen } from "../faults/unforeseen.js";
import type { EarlierEntries } from "../settled/earlier-entries.js";
import type { SettledRecords } from "../settled/settled-records.js";
import type { WorkerMetrics } from "../worker-metrics.js";
import type { StateApplier } from "./apply-states.js";
import type { AuditLog } from "./audit-log.js";
import { readOf } from "./event-judge.js";
import { failingAlone, type TriesOptions } from "./failing-alone.js";
import type { BatchPreparation, Preparation } from "./prepare-batches.js";

export interface PipelineOptions {
  readonly preparation: BatchPreparation;
  readonly audit: AuditLog;
  readonly deadLetters: DeadLetters;
  readonly breaker: DeadLetterBreaker;
  readonly settled: SettledRecords;
  readonly earlier: Pick<EarlierEntries, "recall">;
  readonly states: StateApplier;
  readonly eventsTopic: string;
  readonly tries: TriesOptions;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
}

/** Arrivals that an effect could not be made of, and what becomes of each. */
type Refused = ReadonlyMap<Arrival, Rejection>;

/**
 * What happens to records, in the order that the guarantees need: the audit has a record, or the dead letters
 * have it, before its state and its bucket's progress are written; and all of that before the caller commits. What
 * the audit or the dead letters have already goes to neither of them again.
 *
 * An error that nobody foresaw does not end the worker where it is one record's: each step that fails is made again
 * with halves of its records, down to those that fail alone, which become dead letters. Doing a step again changes
 * nothing, but that the audit may have an entry twice.
 */
export class Pipeline {
  readonly #options: PipelineOptions;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /**
   * Resolves when every effect of the batches is acknowledged. Gives the partitions that have to be started again and
   * must not be committed: the store has lost what it acknowledged before, or they cannot be applied again from their
   * records.
   */
  async run(delivered: readonly PartitionBatch[], signal: AbortSignal): Promise<Set<number>> {
    const { preparation, breaker, settled, earlier } = this.#options;
    const prepared = await preparation.prepare(
      delivered.map((batch) => settled.withoutLetters(batch)),
      signal,
    );
    const sorted = prepared.batches.map((batch) => settled.sortOut(batch));
    const certain: SettledBatch[] = [];
    for (const batch of sorted) {
      if (settled.doubtOf(batch.partition) === undefined) certain.push(await earlier.recall(batch, signal));
    }
    // Before the first effect: a batch that stops the worker at each of its restarts leaves nothing twice.
    breaker.foresee(certain);
    const entered = await this.#appendToAudit({ ...prepared, batches: certain }, signal);
    breaker.count(entered);
    const behind = await this.#finish(entered, signal);
    for (const { partition } of sorted) if (settled.doubtOf(partition) !== undefined) behind.add(partition);
    return behind;
  }

  /**
   * As `run`, for records that must not be looked at: all of them are dead-lettered as `internal`. Those that are in
   * the audit already get no letter: the partition has to be started again, and what the audit has of it decides.
   */
  async reject(batch: PartitionBatch, cause: string, signal: AbortSignal): Promise<Set<number>> {
    const { settled, breaker } = this.#options;
    const { partition, nextOffset } = batch;
    const { records } = settled.withoutLetters(batch);
    const rejections = records.map((record) => internalRejection(partition, record, cause));
    const nothing = { arrivals: [], states: new Map<never, never>() };
    const rejected = settled.sortOut({ partition, nextOffset, rejections, ...nothing });
    if (settled.doubtOf(partition) !== undefined) return new Set([partition]);
    breaker.count([rejected]);
    return await this.#finish([rejected], signal);
  }

  /** Dead letters, then states, of batches of which the audit has all that it takes. */
  async #finish(batches: readonly SettledBatch[], signal: AbortSignal): Promise<Set<number>> {
    const { settled, metrics } = this.#options;
    await this.#sendDeadLetters(
      batches.flatMap(({ rejections }) => rejections),
      signal,
    );
    for (const { partition, nextOffset, reapplied } of batches) {
      settled.reached(partition, nextOffset);
      metrics.reappliedRecords.inc({ source: "events" }, reapplied.length);
    }
    return await this.#applyStates(batches, signal);
  }

  /** Gives the batches with what the audit does not take among their rejections. */
  async #appendToAudit(
    { batches, schemas }: Preparation & { readonly batches: readonly SettledBatch[] },
    signal: AbortSignal,
  ): Promise<readonly SettledBatch[]> {
    const { audit, tries, metrics } = this.#options;
    const arrivals = batches.flatMap((batch) => batch.arrivals);
    const refused = new Map<Arrival, Rejection>();
    const enter = async (some: readonly Arrival[]): Promise<void> => {
      const { entered, tooLarge } = await audit.enter(some, schemas, signal);
      metrics.auditEntries.inc(entered.length);
      metrics.columnCounts?.count(entered);
      for (const arrival of tooLarge) refused.set(arrival, tooLargeRejection(arrival));
    };
    try {
      await enter(arrivals);
    } catch (error) {
      this.#requireUnforeseen(error, signal);
      const failing = await failingAlone(arrivals, enter, tries, signal);
      for (const [arrival, cause] of failing) {
        // Where that fails too, it is none of the record's, and ends the worker.
        await audit.probe(arrival, schemas, signal);
        refused.set(arrival, notTaken(arrival, cause));
      }
    }
    return this.#without(refused, batches);
  }

  /** Gives the partitions that the store is behind in. */
  async #applyStates(batches: readonly SettledBatch[], signal: AbortSignal): Promise<Set<number>> {
    const { states, breaker } = this.#options;
    try {
      return await states.apply(batches, signal);
    } catch (error) {
      this.#requireUnforeseen(error, signal);
      const refused = await this.#applyApart(batches, signal);
      const settled = this.#without(refused, batches);
      // These are in the audit too: only the store does not take them.
      const rejections = [...refused.values()];
      breaker.countLater(rejections);
      await this.#sendDeadLetters(rejections, signal);
      return await states.apply(settled, signal);
    }
  }

  async #applyApart(batches: readonly SettledBatch[], signal: AbortSignal): Promise<Refused> {
    const { states, tries } = this.#options;
    const arrivals = batches.flatMap((batch) => [...batch.reapplied, ...batch.arrivals]);
    const apply = (some: readonly Arrival[]): Promise<void> => states.applyApart(some, signal);
    const failing = await failingAlone(arrivals, apply, tries, signal);
    const refused = new Map<Arrival, Rejection>();
    for (const [arrival, cause] of failing) {
      // Where that fails too, it is none of the record's, and ends the worker.
      await states.probe(arrival, signal);
      refused.set(arrival, notTaken(arrival, cause));
    }
    return refused;
  }

  #requireUnforeseen(error: unknown, signal: AbortSignal): void {
    if (!isUnforeseen(error, signal)) throw error;
    this.#options.logger.warn("unforeseen error, records are tried apart", { error });
  }

  #without(refused: Refused, batches: readonly SettledBatch[]): readonly SettledBatch[] {
    if (refused.size === 0) return batches;
    return batches.map((batch) => {
      const [reapplied, arrivals] = [batch.reapplied, batch.arrivals].map((some) =>
        some.filter((arrival) => !refused.has(arrival)),
      ) as [Arrival[], Arrival[]];
      const rejections = [...batch.reapplied, ...batch.arrivals].flatMap(
        (arrival) => refused.get(arrival) ?? [],
      );
      return {
        ...batch,
        reapplied,
        arrivals,
        rejections: [...batch.rejections, ...rejections],
        states: newestStates([...reapplied, ...arrivals], this.#options.eventsTopic),
      };
    });
  }

  async #sendDeadLetters(rejections: readonly Rejection[], signal: AbortSignal): Promise<void> {
    const { deadLetters, metrics } = this.#options;
    await deadLetters.send(rejections, signal);
    for (const { reason } of rejections) metrics.deadLetters.inc({ reason });
  }
}

function notTaken({ partition, record, schemaId, event }: Arrival, cause: unknown): Rejection {
  return internalRejection(partition, record, cause, readOf(event, schemaId));
}

function tooLargeRejection({ partition, record, schemaId, event }: Arrival): Rejection {
  const error = "the audit does not take so long an entry";
  return { kind: "rejected", partition, record, reason: "too_large", error, read: readOf(event, schemaId) };
}
