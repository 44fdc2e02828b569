import { setTimeout as sleep } from "node:timers/promises";
import {
  KafkaUnavailableError,
  OffsetOutOfRangeError,
  type Logger,
  type LogReader,
  type LogSlice,
} from "@lastknown/shared";
import type { OpenQuestions } from "../answers/open-questions.js";
import { ViewUnwritableError, type ViewStore } from "../view/view-store.js";
import type { AuditFolder, FoldObserver } from "./audit-folder.js";
import { FoldPacer } from "./fold-pacer.js";
import { Unfolded } from "./unfolded.js";

/** Where the folding of the audit stands. */
export const FOLDER_STATES = ["connecting", "catching-up", "running", "unwritable", "stopped"] as const;
export type FolderState = (typeof FOLDER_STATES)[number];

export interface ViewFolderOptions {
  /** Not shared: a read that waits holds up the others of its reader. */
  readonly reader: LogReader;
  readonly auditTopic: string;
  readonly partitions: number;
  readonly store: ViewStore;
  readonly folder: AuditFolder;
  /** Records per transaction of the view, at most. */
  readonly foldRecordsMax: number;
  /** What shares the event loop with folding. */
  readonly questions: OpenQuestions;
  readonly fetchBytesMax: number;
  readonly fetchWaitMs: number;
  readonly lingerMs: number;
  readonly observer: Pick<FoldObserver, "failed">;
  readonly logger: Logger;
}

/** A fetch of so many entries is worth a request of its own. */
const LINGER_ENTRIES_MAX = 100;
/** For so many times as long as the last fold took, the entries of a trickle gather: then it folds a quarter of the time. */
const LINGER_FOLDS = 3;
const PAUSE_MS = 200;
const PAUSE_MS_MAX = 5000;

/**
 * Keeps the view at the audit's end: reads all partitions from the stored offsets on, for as long as it runs.
 *
 * connecting → catching-up → running, and back to connecting while Kafka does not answer; unwritable while the
 * disk takes no more: what is in the view can be asked, and folding is tried again until there is room. It has caught up once
 * it is past where the audit ended when it got there: the log may be compacted while it is read, which moves
 * entries from before the first end to behind it, so that end is looked up again when the first is reached.
 * Having caught up stays true afterwards, as answers tell their lag; only a rebuild begins anew.
 *
 * `ended` rejects when it cannot go on: another fleet's audit, a topic that is gone, a damaged view. It never reads for a group and commits nothing.
 */
export class ViewFolder {
  readonly #options: ViewFolderOptions;
  readonly #pacer: FoldPacer;
  readonly #stopping = new AbortController();
  #state: FolderState = "connecting";
  #hasCaughtUp = false;
  /** Set by start. */
  #ended: Promise<void> | undefined;

  constructor(options: ViewFolderOptions) {
    this.#options = options;
    this.#pacer = new FoldPacer({ recordsMax: options.foldRecordsMax, questions: options.questions });
  }

  get state(): FolderState {
    return this.#state;
  }

  get hasCaughtUp(): boolean {
    return this.#hasCaughtUp;
  }

  /** Resolves after `stop`, rejects when folding cannot go on. */
  get ended(): Promise<void> {
    if (this.#ended === undefined) throw new Error("the folder was not started");
    return this.#ended;
  }

  start(): void {
    this.#ended ??= this.#run();
  }

  /** After it nothing is folded any more. Does not close the store or the reader. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled([this.#ended]);
    this.#state = "stopped";
  }

  async #run(): Promise<void> {
    let pauseMs = PAUSE_MS;
    while (!this.#isStopping) {
      try {
        await this.#fold(() => (pauseMs = PAUSE_MS));
      } catch (error) {
        if (this.#isStopping) return;
        this.#recover(error);
        // Jittered, so that replicas do not come back all at once.
        await this.#pause(pauseMs * (0.5 + Math.random()));
        pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
      }
    }
  }

  /** Throws what cannot be recovered from. */
  #recover(error: unknown): void {
    const { logger, store, auditTopic, observer } = this.#options;
    if (error instanceof KafkaUnavailableError) {
      observer.failed(error);
      if (this.#state !== "connecting") logger.warn("audit cannot be read", { topic: auditTopic, error });
      this.#state = "connecting";
      return;
    }
    if (error instanceof ViewUnwritableError) {
      this.#cannotWrite(error);
      return;
    }
    if (!(error instanceof OffsetOutOfRangeError)) throw error;
    const { partition, offset, start, end } = error;
    // What it holds is not in the log any more.
    this.#hasCaughtUp = false;
    if (this.#state !== "unwritable") {
      const place = { topic: auditTopic, partition, offset, start, end };
      logger.error("view does not fit the audit, rebuilding it", place);
    }
    try {
      store.clear();
      this.#state = "connecting";
    } catch (cause) {
      if (!(cause instanceof ViewUnwritableError)) throw cause;
      // The next read finds again that it does not fit.
      this.#cannotWrite(cause);
    }
  }

  #cannotWrite(error: ViewUnwritableError): void {
    if (this.#state !== "unwritable")
      this.#options.logger.error("view cannot be written, waiting for room", { error });
    this.#state = "unwritable";
  }

  async #fold(onProgress: () => void): Promise<void> {
    const { reader, auditTopic, fetchBytesMax: bytesMax, fetchWaitMs: waitMs } = this.#options;
    let target = await this.#ends();
    let isSecondLook = false;
    // Only what has been written shows that there is room.
    if (this.#state !== "unwritable") this.#goOn();
    while (!this.#isStopping) {
      if (!this.#hasCaughtUp && this.#isPast(target)) {
        if (isSecondLook) this.#caughtUp();
        else target = await this.#ends();
        isSecondLook = true;
        continue;
      }
      const slices = await reader.readMany(auditTopic, await this.#positions(), { bytesMax, waitMs });
      const foldMs = await this.#foldSlices(slices);
      const hasFolded = foldMs !== undefined;
      if (this.#state !== "unwritable" || hasFolded) onProgress();
      if (this.#state === "unwritable" && hasFolded) this.#goOn();
      await this.#linger(slices.values(), foldMs ?? 0);
    }
  }

  /**
   * Requests and transactions cost more than entries: those of a trickle wait for each other, LINGER_FOLDS times as long
   * as it took to fold those before. So who has little to do waits little, and who is busy gathers more.
   */
  async #linger(slices: Iterable<LogSlice>, foldMs: number): Promise<void> {
    let entries = 0;
    for (const { records } of slices) entries += records.length;
    if (entries > 0 && entries < LINGER_ENTRIES_MAX)
      await this.#pause(Math.min(LINGER_FOLDS * foldMs, this.#options.lingerMs));
  }

  /**
   * As few transactions as the pacer allows: one of some entries costs nearly what one of hundreds does. Gives how long
   * they took; undefined where there was nothing to fold, or it is to stop.
   */
  async #foldSlices(slices: ReadonlyMap<number, LogSlice>): Promise<number | undefined> {
    const { store, folder } = this.#options;
    const unfolded = new Unfolded(slices, store);
    if (unfolded.isEmpty) return undefined;
    let foldMs = 0;
    while (!unfolded.isEmpty && !this.#isStopping) {
      foldMs += await this.#pacer.fold((recordsMax) => {
        const { parts, records } = unfolded.take(recordsMax);
        folder.fold(parts);
        return records;
      });
    }
    return this.#isStopping ? undefined : foldMs;
  }

  /** A view that never read this partition begins where the log begins. */
  async #positions(): Promise<Map<number, number>> {
    const { store, partitions } = this.#options;
    const positions = new Map<number, number>();
    for (let partition = 0; partition < partitions; partition++) {
      positions.set(partition, store.position(partition).nextOffset);
    }
    if (![...positions.values()].includes(0)) return positions;
    const { reader, auditTopic } = this.#options;
    for (const [partition, { start }] of await reader.ends(auditTopic)) {
      if (positions.get(partition) === 0) positions.set(partition, start);
    }
    return positions;
  }

  async #ends(): Promise<Map<number, number>> {
    const ends = await this.#options.reader.ends(this.#options.auditTopic);
    return new Map([...ends].map(([partition, { end }]) => [partition, end]));
  }

  #isPast(target: ReadonlyMap<number, number>): boolean {
    return [...target].every(([partition, end]) => this.#options.store.position(partition).nextOffset >= end);
  }

  #goOn(): void {
    this.#enter(this.#hasCaughtUp ? "running" : "catching-up");
  }

  #enter(state: FolderState): void {
    this.#state = state;
    this.#options.logger.info("view state changed", { state });
  }

  #caughtUp(): void {
    this.#hasCaughtUp = true;
    this.#enter("running");
  }

  /** Ends at once when it is to stop. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}
