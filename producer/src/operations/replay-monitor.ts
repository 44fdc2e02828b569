import type { CheckResult, Metrics, Micros } from "@lastknown/shared";
import type { RejectionReason } from "../csv/rejection.js";
import type { DueRecord, Publisher } from "../publish/publisher.js";
import { createReplayMetrics, type ReplayMetrics } from "./replay-metrics.js";

/** What a replay does, in this order; a stream that gets a new column registers again. */
export type ReplayPhase = "connecting" | "reading" | "registering" | "publishing" | "ended";

const NOT_READY: Readonly<Record<ReplayPhase, CheckResult>> = {
  connecting: "waiting for kafka",
  reading: "the file is read and ordered",
  registering: "waiting for registry",
  publishing: undefined,
  ended: "the replay has ended",
};

/** Records that are not acknowledged within so long wait for the broker. */
const ACKNOWLEDGED_WITHIN_MS = 2000;

/** How a replay shows itself to probes and scrapes. It is told by the replay, and asked by an operations server. */
export class ReplayMonitor {
  readonly #metrics: ReplayMetrics;
  #phase: ReplayPhase = "connecting";
  #fileRows = 0;
  #publishedSts: Micros | undefined;
  /** Undefined before the first row is sent, and in a dry run. */
  #publisher: Publisher | undefined;

  constructor(metrics: Metrics) {
    this.#metrics = createReplayMetrics(metrics, {
      fileRows: () => this.#fileRows,
      publishedStsSeconds: () => (this.#publishedSts ?? Number.NaN) / 1_000_000,
      inFlightRecords: () => this.#publisher?.inFlightRecords ?? 0,
    });
  }

  /** Why it publishes nothing now, or undefined. */
  ready(): CheckResult {
    if (this.#phase === "publishing" && this.#publisher?.failed.aborted === true)
      return "an append has failed";
    const waitedMs = this.#publisher?.oldestInFlightMs ?? 0;
    if (this.#phase !== "publishing" || waitedMs < ACKNOWLEDGED_WITHIN_MS) return NOT_READY[this.#phase];
    return `waiting for kafka: records are not acknowledged for ${Math.round(waitedMs / 1000)} s`;
  }

  enter(phase: ReplayPhase): void {
    this.#phase = phase;
  }

  /** @param fileRows in all, so far */
  read(fileRows: number): void {
    this.#fileRows = fileRows;
  }

  rejected(reason: RejectionReason): void {
    this.#metrics.rejectedRows.inc({ reason });
  }

  sendsBy(publisher: Publisher | undefined): void {
    this.#publisher = publisher;
  }

  drifted(ms: number): void {
    this.#metrics.driftSeconds.observe(ms / 1000);
  }

  /** @param records acknowledged, as are all before them */
  published(records: readonly DueRecord[]): void {
    let bytes = 0;
    for (const { record } of records) bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    this.#metrics.publishedRows.inc(records.length);
    this.#metrics.publishedBytes.inc(bytes);
    this.#publishedSts = records.at(-1)?.event.sts ?? this.#publishedSts;
  }
}
