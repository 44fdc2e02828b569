import { randomUUID } from "node:crypto";
import {
  FatalError,
  slicesToEnd,
  type LogReader,
  type LogRecord,
  type Logger,
  type MaxFutureSkew,
  type PartitionEnds,
} from "@lastknown/shared";
import { KnownOrders } from "../arrivals/known-orders.js";
import { askedStates } from "../arrivals/newest-states.js";
import type { Outlasting } from "../faults/patience.js";
import { patientReader } from "../faults/patient-reader.js";
import { AuditEntries, type Unreadable } from "../settled/audit-entries.js";
import type { RebuildCall, StateStore, NewestState } from "../states/state-store.js";
import type { WorkerMetrics } from "../worker-metrics.js";

export interface AuditRebuildOptions {
  readonly reader: LogReader;
  readonly states: StateStore;
  readonly eventsTopic: string;
  readonly auditTopic: string;
  readonly maxFutureSkew: MaxFutureSkew;
  /** Go on where the audit itself lacks entries, or has some that cannot be read. */
  readonly acceptLoss: boolean;
  readonly patience: Outlasting;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
}

/** Which buckets of a partition, and the source offset up to which all that the audit has of them is applied. */
export interface BucketsToRebuild {
  readonly partition: number;
  readonly rebuild: readonly number[];
  readonly settledTo: number;
}

/** What one read may bring: with the states that come of it and the order times of KnownOrders, all that a rebuild holds. */
const READ_BYTES = 1024 * 1024;
/** A rebuild may take hours; it is told as often how far it is. */
const PROGRESS_LOG_INTERVAL_MS = 10_000;

/**
 * Brings buckets up to what the audit has of them: reads its partition from the first entry to its present end, and
 * applies the newest of each user, read by read, through the store's own comparison. The buckets' progress moves at
 * the end alone, so what is cut off by a rebalance begins from the start with the next owner.
 *
 * @returns false where the store has lost some of it meanwhile
 * @throws FatalError where the audit lacks entries or has some that cannot be read, unless that is accepted
 */
export async function rebuildFromAudit(
  buckets: BucketsToRebuild,
  options: AuditRebuildOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { reader, auditTopic, patience } = options;
  const all = await patience.outlast("kafka", signal, () => reader.ends(auditTopic));
  const ends = all.get(buckets.partition) ?? { start: 0, end: 0 };
  requireWholeAudit(buckets, ends, options);
  return await new AuditRebuild(buckets, options, signal).run(ends);
}

/** Where the audit was given a retention it may have lost some user's only arrival. */
function requireWholeAudit(
  { partition, settledTo }: BucketsToRebuild,
  { start }: PartitionEnds,
  { eventsTopic, auditTopic, acceptLoss, logger }: AuditRebuildOptions,
): void {
  if (start === 0) return;
  if (acceptLoss) {
    logger.error("audit entries are gone", { partition, gone: start });
    return;
  }
  throw new FatalError(
    `Redis has lost states up to offset ${settledTo} of ${eventsTopic}/${partition}, and ${start} records of ${auditTopic}/${partition}, which would bring them back, are gone`,
    { fix: "give the audit no retention, and go on without them with --accept-loss on" },
  );
}

class AuditRebuild {
  readonly #buckets: BucketsToRebuild;
  readonly #options: AuditRebuildOptions;
  readonly #signal: AbortSignal;
  readonly #id = randomUUID();
  readonly #entries: AuditEntries;
  /** Bucket → calls that were acknowledged for it. */
  readonly #calls: Map<number, number>;
  /** What these calls brought. Were it lost, their count would be too, and the next call for the bucket would tell. */
  readonly #known = new KnownOrders();
  #toldAtMs = performance.now();

  constructor(buckets: BucketsToRebuild, options: AuditRebuildOptions, signal: AbortSignal) {
    const { partition, rebuild, settledTo } = buckets;
    const { reader, auditTopic, maxFutureSkew, patience } = options;
    this.#buckets = buckets;
    this.#options = options;
    this.#signal = signal;
    this.#calls = new Map(rebuild.map((bucket) => [bucket, 0]));
    this.#entries = new AuditEntries({
      reader: patientReader(reader, patience, signal),
      auditTopic,
      partition,
      settledTo,
      buckets: new Set(rebuild),
      maxFutureSkew,
    });
  }

  async run(ends: PartitionEnds): Promise<boolean> {
    const { reader, auditTopic: topic, patience } = this.#options;
    const { partition, settledTo } = this.#buckets;
    const patient = patientReader(reader, patience, this.#signal);
    for await (const slice of slicesToEnd(patient, { topic, partition, ends, bytesMax: READ_BYTES })) {
      if (!(await this.#apply(slice.records, ends))) return false;
      this.#tell(slice.nextOffset, ends);
    }
    const last = [...this.#calls.keys()].map((bucket) => this.#call(bucket, [], settledTo));
    return await this.#send(last);
  }

  async #apply(records: readonly LogRecord[], ends: PartitionEnds): Promise<boolean> {
    const { eventsTopic, metrics } = this.#options;
    const { sources, unreadable } = await this.#entries.sourcesOf(records, ends);
    if (unreadable !== undefined) this.#leaveOut(unreadable);
    metrics.reappliedRecords.inc({ source: "audit" }, sources.length);
    // Each bucket that was read of is called, also where nobody may be newer: so a loss is seen soon.
    const states = askedStates(sources, eventsTopic, this.#known);
    return await this.#send([...states].map(([bucket, newest]) => this.#call(bucket, newest)));
  }

  #call(bucket: number, states: readonly NewestState[], progress?: number): RebuildCall {
    return { bucket, rebuild: this.#id, callsBefore: this.#calls.get(bucket) ?? 0, progress, states };
  }

  async #send(calls: readonly RebuildCall[]): Promise<boolean> {
    if (calls.length === 0) return true;
    const { states, patience } = this.#options;
    const outcomes = await patience.outlast("redis", this.#signal, () => states.rebuild(calls));
    if (outcomes.some(({ kind }) => kind !== "applied")) return false;
    for (const { bucket, callsBefore, states: brought } of calls) {
      this.#calls.set(bucket, callsBefore + 1);
      this.#known.acknowledged(brought);
    }
    return true;
  }

  #leaveOut({ offset, detail, count }: Unreadable): void {
    const { auditTopic, acceptLoss, logger } = this.#options;
    const { partition } = this.#buckets;
    if (acceptLoss) {
      logger.error("audit entries left out", { partition, offset, detail, count });
      return;
    }
    throw new FatalError(`${auditTopic}/${partition} cannot be read at offset ${offset}: ${detail}`, {
      fix: "Redis needs the audit to have back what it lost; go on without what cannot be read with --accept-loss on",
    });
  }

  #tell(offset: number, { start, end }: PartitionEnds): void {
    const nowMs = performance.now();
    if (nowMs - this.#toldAtMs < PROGRESS_LOG_INTERVAL_MS) return;
    this.#toldAtMs = nowMs;
    const { partition } = this.#buckets;
    this.#options.logger.info("rebuilding from the audit", { partition, offset, start, end });
  }
}
