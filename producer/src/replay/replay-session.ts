import { exitCodes, printTime, type ColumnType, type EventEncoder, type Micros } from "@lastknown/shared";
import type { ReplayPosition } from "../checkpoint/checkpoint.js";
import type { CheckpointKeeper } from "../checkpoint/checkpoint-keeper.js";
import type { ColumnTypes } from "../columns/column-types.js";
import type { Input } from "../csv/open-input.js";
import type { Rejection } from "../csv/rejection.js";
import { Publisher } from "../publish/publisher.js";
import { ArrivalStatistics } from "../report/arrival-statistics.js";
import type { Rejections } from "../report/rejections.js";
import type { ReplaySummary } from "../report/replay-summary.js";
import { systemClock, type Clock } from "../schedule/clock.js";
import { DriftHistogram } from "../schedule/drift-histogram.js";
import { Schedule } from "../schedule/schedule.js";
import type { ReplayDependencies, ReplayProgress, ReplayTarget } from "./replay-dependencies.js";
import { registerSchema } from "./register-schema.js";
import type { ReplayOptions } from "./replay-options.js";
import type { RowIntake } from "./row-intake.js";
import { RowSender } from "./row-sender.js";

const PROGRESS_INTERVAL_MS = 250;

/** How rows become events from now on. */
export interface OpenEncoder {
  readonly types: ReadonlyMap<string, ColumnType>;
  /** undefined: nothing is sent. */
  readonly encoder: EventEncoder | undefined;
}

/** What one replay counts and holds on its way, whichever way its rows come. */
export class ReplaySession {
  readonly options: ReplayOptions;
  readonly input: Input;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** undefined: nothing is sent. */
  readonly target: ReplayTarget | undefined;
  readonly #dependencies: ReplayDependencies;
  readonly #rejections: Rejections;
  readonly #statistics = new ArrivalStatistics();
  readonly #drift = new DriftHistogram();
  readonly #startMs: number;
  #publishStartMs: number | undefined;
  #publishStartWallMs: number | undefined;
  #publishStartSts: Micros | undefined;
  #publishEndMs: number | undefined;
  #progressMs = 0;
  #schemaId: number | undefined;
  #published = 0;
  /** Rows to publish, once that is known. */
  rowsTotal: number | undefined;
  /** Set where the replay keeps a checkpoint. */
  keeper: CheckpointKeeper | undefined;

  constructor(parts: {
    options: ReplayOptions;
    dependencies: ReplayDependencies;
    input: Input;
    rejections: Rejections;
  }) {
    this.options = parts.options;
    this.input = parts.input;
    this.#dependencies = parts.dependencies;
    this.#rejections = parts.rejections;
    this.clock = parts.dependencies.clock ?? systemClock;
    this.signal = parts.dependencies.signal;
    this.target = parts.options.dryRun === true ? undefined : parts.dependencies.target;
    this.#startMs = this.clock.monotonicMs();
    this.#monitor?.enter("reading");
  }

  get #monitor(): ReplayDependencies["monitor"] {
    return this.#dependencies.monitor;
  }

  get isStopped(): boolean {
    return this.signal?.aborted === true;
  }

  reject(rejection: Rejection): void {
    this.#rejections.add(rejection);
    this.#monitor?.rejected(rejection.reason);
  }

  /** A way to send rows at the pace that the options name. */
  openSender(done: ReplayPosition): { sender: RowSender; publisher: Publisher | undefined } {
    const { speed = 1, rate, maxGap, live = false, limit = Infinity } = this.options;
    const publisher = this.target === undefined ? undefined : this.#openPublisher(this.target);
    const sender = new RowSender({
      publisher,
      partitions: this.target?.partitions ?? 1,
      schedule: new Schedule({ speed: this.target === undefined ? "max" : speed, rate, maxGap }),
      clock: this.clock,
      statistics: this.#statistics,
      reject: (rejection) => this.reject(rejection),
      live,
      limit,
      done,
      onRefused: (line) => this.keeper?.noteRefused(line),
      signal: this.signal,
      onStart: (startMs, sts) => {
        this.#publishStartSts = sts;
        this.#publishStartMs = startMs;
        this.#publishStartWallMs = this.clock.wallMs();
      },
    });
    return { sender, publisher };
  }

  /**
   * The columns' types, and what writes events with them (nothing in a dry run): see registerSchema.
   *
   * @throws FatalError (usage) if a column holds values that its type in the registry cannot
   */
  async openEncoder(columns: ColumnTypes, typesNow: () => Map<string, ColumnType>): Promise<OpenEncoder> {
    if (this.target === undefined) {
      const types = typesNow();
      columns.schema(types);
      return { types, encoder: undefined };
    }
    this.#monitor?.enter("registering");
    const { logger } = this.#dependencies;
    const { types, schemaId, encoder } = await registerSchema(this.target, columns, typesNow, logger);
    this.#schemaId = schemaId;
    this.#monitor?.enter("publishing");
    return { types, encoder };
  }

  /** Keeps what is acknowledged before a failure is passed on: the failure is what the user has to know. */
  async saveAfterFailure(): Promise<void> {
    try {
      await this.keeper?.finish();
    } catch (error) {
      this.#dependencies.logger.warn("checkpoint not saved", { checkpoint: this.options.checkpoint, error });
    }
  }

  publishingEnded(): void {
    this.#publishEndMs = this.clock.monotonicMs();
  }

  /** Tells how far it is, if the last time is long enough ago. */
  tick(phase: ReplayProgress["phase"], rows: number): void {
    this.#monitor?.read(rows);
    const { onProgress } = this.#dependencies;
    const now = this.clock.monotonicMs();
    if (onProgress === undefined || now - this.#progressMs < PROGRESS_INTERVAL_MS) return;
    this.#progressMs = now;
    onProgress({
      phase,
      bytesRead: this.input.bytesRead(),
      bytesTotal: this.input.bytesTotal,
      rows,
      rowsTotal: this.rowsTotal,
      published: this.#published,
      rejected: this.#rejections.total,
      driftP99Ms: this.#drift.summary()?.p99,
    });
  }

  summary(
    intake: RowIntake,
    found: { turns: number; resumed: number; spilledBytes: number; countsAllTurns: boolean },
  ): ReplaySummary {
    const { turns, resumed, spilledBytes, countsAllTurns } = found;
    const { rows, outsideWindow, truncatedFractions, firstSts, lastSts } = intake;
    const { exact, ...arrivals } = this.#statistics.summary();
    const rejections = this.#rejections.summary();
    const endMs = this.#publishEndMs ?? this.clock.monotonicMs();
    const publishSeconds = (endMs - (this.#publishStartMs ?? endMs)) / 1000;
    const hasRows = firstSts <= lastSts;
    return {
      file: this.options.file,
      dryRun: this.target === undefined,
      interrupted: this.isStopped,
      rows,
      outsideWindow,
      published: this.#published,
      turns,
      resumed,
      spilledBytes,
      ...arrivals,
      countsExact: exact && countsAllTurns,
      ...rejections,
      truncatedFractions,
      columns: describeColumns(intake, this.isStopped),
      firstSts: hasRows ? printTime(firstSts) : null,
      lastSts: hasRows ? printTime(lastSts) : null,
      drift: this.#drift.summary() ?? null,
      startedAt: printWallTime(this.#publishStartWallMs),
      startedAtSts: this.#publishStartSts === undefined ? null : printTime(this.#publishStartSts),
      readSeconds: round(((this.#publishStartMs ?? endMs) - this.#startMs) / 1000),
      publishSeconds: round(publishSeconds),
      rowsPerSecond: publishSeconds > 0 ? Math.round(this.#published / publishSeconds) : 0,
      schemaId: this.#schemaId ?? null,
      exitCode: rejections.rejected > 0 ? exitCodes.rejected : exitCodes.done,
    };
  }

  #openPublisher({ appender, topic }: ReplayTarget): Publisher {
    const publisher = new Publisher({
      appender,
      topic,
      clock: this.clock,
      drift: {
        add: (ms) => {
          this.#drift.add(ms);
          this.#monitor?.drifted(ms);
        },
      },
      onDone: ({ position, acknowledged, refused }) => {
        for (const { event } of acknowledged) this.#statistics.add(event);
        for (const { line, raw, record } of refused) {
          const bytes = record.value?.length ?? 0;
          const detail = `the event has ${bytes} bytes, more than the max.message.bytes of ${topic} allows`;
          this.reject({ line, raw, reason: "too-large", detail });
          this.keeper?.noteRefused(line);
        }
        this.#published += acknowledged.length;
        this.keeper?.advance(position);
        this.#monitor?.published(acknowledged);
      },
    });
    this.#monitor?.sendsBy(publisher);
    return publisher;
  }
}

/** Of a replay that was stopped before it saw a header. */
const NO_COLUMNS = { user: "", time: "", arrival: null, types: {}, looksLikeSendingTime: [] };

function describeColumns(intake: RowIntake, isStopped: boolean): ReplaySummary["columns"] {
  if (isStopped && !intake.hasHeader) return NO_COLUMNS;
  const { columns } = intake;
  const { header, user, time, arrival, attributes } = columns.mapping;
  const types = columns.types.types();
  const name = (index: number): string => header[index] as string;
  return {
    user: name(user),
    time: name(time),
    arrival: arrival === undefined ? null : name(arrival),
    types: Object.fromEntries(attributes.map((index) => [name(index), types.get(name(index)) ?? null])),
    looksLikeSendingTime: columns.sendingTimes.found(),
  };
}

function printWallTime(wallMs: number | undefined): string | null {
  return wallMs === undefined ? null : printTime(Math.floor(wallMs * 1000));
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
