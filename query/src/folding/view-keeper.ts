import { setTimeout as sleep } from "node:timers/promises";
import {
  FatalError,
  fleetNames,
  KafkaUnavailableError,
  verifyFleet,
  type FleetRecord,
  type FleetRecordCell,
  type FleetSettings,
  type LogReader,
  type Logger,
  type QuerySettings,
} from "@lastknown/shared";
import { ViewAnswers } from "../answers/view-answers.js";
import type { ReadyView } from "../answers/answers.js";
import type { OpenQuestions } from "../answers/open-questions.js";
import type { ViewProgress } from "../freshness/freshness.js";
import {
  ViewAbortedError,
  ViewDamagedError,
  ViewUnwritableError,
  type ViewStore,
} from "../view/view-store.js";
import { AuditFolder, type FoldObserver } from "./audit-folder.js";
import { PatientFleetCell } from "./patient-fleet-cell.js";
import { FOLDER_STATES, ViewFolder, type FolderState } from "./view-folder.js";

export const KEEPER_STATES = ["opening", ...FOLDER_STATES] as const;
export type KeeperState = "opening" | FolderState;

export interface ViewKeeperOptions {
  readonly fleet: FleetSettings;
  readonly query: Pick<QuerySettings, "foldRecordsMax" | "fetchBytesMax" | "fetchWaitMs" | "lingerMs">;
  /** Not shared with others. */
  readonly reader: LogReader;
  readonly redisFleet: FleetRecordCell;
  readonly openStore: (fleet: FleetRecord) => Promise<ViewStore>;
  readonly observer: FoldObserver;
  /** Questions that are being answered on this event loop. */
  readonly questions: OpenQuestions;
  readonly logger: Logger;
}

interface OpenView {
  readonly store: ViewStore;
  readonly audit: AuditFolder;
  readonly folder: ViewFolder;
  readonly answers: ViewAnswers;
}

const OPEN_PAUSE_MS = 1000;
/** A disk that damages one view after the other is for a person to look at. */
const REBUILDS_MAX = 3;
/** A view that gives up a transaction so soon after it was opened again for that is damaged. */
const ABORTED_AGAIN_MS = 60_000;
const REDIS_CHECK_PAUSE_MS = 5000;

/**
 * Has the view from its opening to its closing: finds out which fleet it is for, opens the store and keeps it
 * folding. Without Kafka it goes on trying, as latest states can be answered all the same. A store that gave up a
 * transaction is opened again; so is one that finds itself damaged, which then is empty.
 */
export class ViewKeeper {
  readonly #options: ViewKeeperOptions;
  readonly #stopping = new AbortController();
  #view: OpenView | undefined;
  /** Undefined until Kafka has told it. */
  #fleet: FleetRecord | undefined;
  /** Whether the fleet was compared with Redis's copy too. */
  #wasRedisRead = false;
  /** Views that were found damaged. */
  #rebuilds = 0;
  /** Whether a view was open at all. */
  #wasOpen = false;
  /** Whether the last view gave up a transaction, and no other is open yet. */
  #isReopening = false;
  /** When such a one was opened again last, in ms of a clock that never goes back. */
  #reopenedAtMs = -Infinity;
  /** Left out of the view before it was opened again. */
  #unreadableBefore = 0;
  /** Set by start. */
  #ended: Promise<void> | undefined;

  constructor(options: ViewKeeperOptions) {
    this.#options = options;
  }

  /**
   * Makes the first attempt to open the view and goes on in the background, where Kafka does not answer.
   *
   * @throws FatalError if servers, settings or the folder belong to different fleets
   */
  async start(): Promise<void> {
    await this.#tryToOpen();
    this.#ended = this.#run();
    // Whoever runs the service watches `ended`; until then a failure must not count as unhandled.
    this.#ended.catch(() => undefined);
  }

  /** Rejects when the view cannot go on; resolves after `stop`. */
  get ended(): Promise<void> {
    if (this.#ended === undefined) throw new Error("the view was not started");
    return this.#ended;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#view?.folder.stop();
    await Promise.allSettled([this.#ended]);
    await this.#close();
  }

  get state(): KeeperState {
    if (this.#view === undefined) return this.#isStopping ? "stopped" : "opening";
    return this.#view.folder.state;
  }

  /** Id of the fleet that the view is for; undefined until Kafka has told it. */
  get fleetId(): string | undefined {
    return this.#fleet?.id;
  }

  get unreadableRecords(): number {
    return this.#unreadableBefore + (this.#view?.audit.unreadableRecords ?? 0);
  }

  /** The view if it can be asked, else in words why not. */
  readonly ready = (): ReadyView | string => {
    if (this.#view === undefined)
      return "the view is not open yet: Kafka does not answer, its disk is full, or it is being built anew";
    if (this.#view.store.damage !== undefined) return this.#view.store.damage.message;
    if (this.#view.folder.hasCaughtUp) return this.#view;
    return `the view has not caught up with where the audit ended at the start (${this.#view.folder.state})`;
  };

  readonly progress = (): ViewProgress | undefined => {
    if (this.#view === undefined || this.#view.store.damage !== undefined) return undefined;
    const { store, folder } = this.#view;
    return { hasCaughtUp: folder.hasCaughtUp, position: (partition) => store.position(partition) };
  };

  async #run(): Promise<void> {
    const compared = this.#compareWithRedis();
    compared.catch(() => undefined);
    while (!this.#isStopping) {
      const folding = this.#foldWhileSound();
      await Promise.race([folding, compared.then(() => folding)]);
      if (this.#isStopping) return;
      await this.#pause(OPEN_PAUSE_MS);
      if (!this.#isStopping) await this.#tryToOpen();
    }
  }

  /** Resolves when there is no view to fold into, or it was closed to be opened again, and after `stop`. */
  async #foldWhileSound(): Promise<void> {
    try {
      await this.#view?.folder.ended;
    } catch (error) {
      if (error instanceof ViewAbortedError) this.#aborted(error);
      else this.#damaged(error);
      await this.#close();
    }
  }

  /** Nobody asks a view that is being closed. */
  async #close(): Promise<void> {
    const view = this.#view;
    this.#view = undefined;
    await view?.store.close();
  }

  /** It is opened again as it is, unless that has helped for a moment only. */
  #aborted(error: ViewAbortedError): void {
    const isAgain = performance.now() - this.#reopenedAtMs < ABORTED_AGAIN_MS;
    if (isAgain && this.#view !== undefined) {
      this.#damaged(this.#view.store.reportDamage(`${error.message}, as it did before its last opening`));
      return;
    }
    this.#isReopening = true;
    this.#unreadableBefore = this.unreadableRecords;
    this.#options.logger.error("view gave up what it folded, opening it again", { error });
  }

  /** It is built anew, a number of times. Throws what that does not mend. */
  #damaged(error: unknown): void {
    if (!(error instanceof ViewDamagedError)) throw error;
    if (++this.#rebuilds > REBUILDS_MAX) {
      throw new FatalError(`${error.message}, for the ${this.#rebuilds}th time since the start`, {
        fix: "look at the disk of LASTKNOWN_DATA_DIRECTORY, or name another folder",
        cause: error,
      });
    }
    this.#unreadableBefore = 0;
    this.#options.logger.error("view is damaged, building a new one", { error });
  }

  /** Leaves the view undefined if Kafka does not answer, its disk has filled, or what was there is damaged. */
  async #tryToOpen(): Promise<void> {
    try {
      const record = await this.#verifyFleet();
      const store = await this.#options.openStore(record);
      // Nothing would end it any more.
      if (this.#isStopping) return await store.close();
      this.#view = this.#openView(record, store);
      this.#wasOpen = true;
      if (this.#isReopening) this.#reopenedAtMs = performance.now();
      this.#isReopening = false;
      this.#view.folder.start();
    } catch (error) {
      if (error instanceof ViewDamagedError) return this.#damaged(error);
      if (error instanceof ViewUnwritableError) return this.#noRoom(error);
      if (!(error instanceof KafkaUnavailableError)) throw error;
      if (this.#isStopping) return;
      this.#options.observer.failed(error);
      this.#options.logger.warn("view cannot be opened yet", { error });
    }
  }

  /** Who starts on a full disk is told at once; who ran before it filled waits, and answers latest meanwhile. */
  #noRoom(error: ViewUnwritableError): void {
    if (!this.#wasOpen) {
      throw new FatalError(error.message, {
        fix: "make room on the disk of LASTKNOWN_DATA_DIRECTORY, or name a folder on another",
        cause: error,
      });
    }
    this.#options.logger.warn("view cannot be opened again, waiting for room", { error });
  }

  async #verifyFleet(): Promise<FleetRecord> {
    const { reader, redisFleet, fleet } = this.#options;
    const redis = new PatientFleetCell(redisFleet);
    const shape = { partitions: fleet.partitions, maxFutureSkew: fleet.maxFutureSkewMicros };
    const record = await verifyFleet({ names: fleetNames(fleet.name), reader, redis }, shape);
    this.#wasRedisRead = redis.wasRead;
    this.#fleet = record;
    return record;
  }

  #openView(fleet: FleetRecord, store: ViewStore): OpenView {
    const { reader, observer, questions, logger, query } = this.#options;
    const { auditTopic, eventsTopic } = fleetNames(this.#options.fleet.name);
    const audit = new AuditFolder({ store, fleet, auditTopic, observer, logger });
    const { partitions } = fleet;
    const reading = { reader, auditTopic, partitions, questions, observer, logger };
    const folder = new ViewFolder({ ...query, ...reading, store, folder: audit });
    return { store, audit, folder, answers: new ViewAnswers({ store, fleet, eventsTopic }) };
  }

  /** Redis may have been away when the fleets were compared: compares until it was there once. */
  async #compareWithRedis(): Promise<void> {
    while (!this.#wasRedisRead && !this.#isStopping) {
      await this.#pause(REDIS_CHECK_PAUSE_MS);
      try {
        await this.#verifyFleet();
      } catch (error) {
        if (!(error instanceof KafkaUnavailableError)) throw error;
        this.#options.logger.debug("fleets cannot be compared now", { error });
      }
    }
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #pause(pauseMs: number): Promise<void> {
    await sleep(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
