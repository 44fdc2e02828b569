import { setTimeout as sleep } from "node:timers/promises";
import {
  SeenCommits,
  withDeadline,
  type CommittedOffset,
  type FleetNames,
  type GroupOffsets,
  type Logger,
  type LogReader,
  type PartitionEnds,
} from "@lastknown/shared";
import { EndSamples } from "./end-samples.js";
import { FoldMarks } from "./fold-marks.js";

export interface LogTrackerOptions {
  readonly names: FleetNames;
  /** Not the one that folds: its lookups must not wait behind a read. */
  readonly reader: LogReader;
  readonly groupOffsets: GroupOffsets;
  /** Whose workers' commits count; undefined while the fleet is not known, and none does. */
  readonly fleetId: () => string | undefined;
  /** Told of each look that failed. */
  readonly onError?: (error: unknown) => void;
  readonly logger: Logger;
  readonly pollIntervalMs?: number;
  /** In ms; never goes back. */
  readonly monotonicMs?: () => number;
}

/** What the last successful look at the logs showed. */
export interface LogPositions {
  /** When the look began, in ms of the tracker's clock. */
  readonly lookedAtMs: number;
  /** Of the events topic, by partition. */
  readonly events: ReadonlyMap<number, PartitionEnds>;
  /** What the fleet's workers have committed of the events topic, by partition; undefined while the fleet is not known. */
  readonly committed: ReadonlyMap<number, number> | undefined;
  /** The same with the notes beside it. */
  readonly commits: ReadonlyMap<number, CommittedOffset> | undefined;
  /** Ends of the audit, by partition. */
  readonly auditEnds: ReadonlyMap<number, number>;
}

export interface PartitionTrack {
  readonly samples: EndSamples;
  readonly marks: FoldMarks;
}

const NOTHING_COMMITTED: ReadonlyMap<number, CommittedOffset> = new Map();
const POLL_INTERVAL_MS = 300;
/** Kafka away: the look ends by its own deadlines, and nobody waits for it. */
const STOP_MS_MAX = 2000;
/** What was seen longer ago tells nothing about now. */
export const POSITIONS_AGE_MS_MAX = 1000;
/** A look takes so long where this process has much to fold, though Kafka is well. */
const LATE_POSITIONS_AGE_MS_MAX = 5000;

/** What is known of the logs; see LogTracker. */
export type LogKnowledge = Pick<LogTracker, "positions" | "track">;

/** Looks again and again where the topics end and how far the workers have committed. */
export class LogTracker {
  readonly #options: LogTrackerOptions;
  readonly #monotonicMs: () => number;
  readonly #stopping = new AbortController();
  readonly #commits = new SeenCommits();
  readonly #tracks = new Map<number, PartitionTrack>();
  #positions: LogPositions | undefined;
  #isFailing = false;
  #ended: Promise<void> | undefined;

  constructor(options: LogTrackerOptions) {
    this.#options = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  start(): void {
    this.#ended ??= this.#run();
  }

  /** Waits for a look that is under way, so that it opens nothing behind whoever closes the connections. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await withDeadline(STOP_MS_MAX, Promise.resolve(this.#ended), () => undefined);
  }

  /** Undefined if the last look was too long ago. */
  get positions(): LogPositions | undefined {
    return this.#positionsWithin(POSITIONS_AGE_MS_MAX);
  }

  /**
   * The same for who tells how old it is: also of some seconds ago, as long as no look has failed since. What came
   * after that is not in it.
   */
  get lately(): LogKnowledge {
    const latePositions = (): LogPositions | undefined =>
      this.#positionsWithin(this.#isFailing ? POSITIONS_AGE_MS_MAX : LATE_POSITIONS_AGE_MS_MAX);
    return {
      get positions() {
        return latePositions();
      },
      track: (partition) => this.track(partition),
    };
  }

  #positionsWithin(ageMsMax: number): LogPositions | undefined {
    const ageMs = this.#monotonicMs() - (this.#positions?.lookedAtMs ?? -Infinity);
    return ageMs <= ageMsMax ? this.#positions : undefined;
  }

  /** What was gathered about a partition; empty at first. */
  track(partition: number): PartitionTrack {
    let track = this.#tracks.get(partition);
    if (track === undefined) {
      track = { samples: new EndSamples(), marks: new FoldMarks() };
      this.#tracks.set(partition, track);
    }
    return track;
  }

  /**
   * One look. Committed offsets are asked for before all ends: so a lag is too great rather than too small, and FoldMarks
   * has what it needs. The ends of the two topics are asked for at once, as nothing follows from their order.
   */
  async poll(): Promise<void> {
    const { names, reader } = this.#options;
    const fleetId = this.#options.fleetId();
    const startedAtMs = this.#monotonicMs();
    const commits = fleetId === undefined ? NOTHING_COMMITTED : await this.#askCommitted(fleetId);
    const [events, audit] = await Promise.all([
      reader.ends(names.eventsTopic),
      reader.ends(names.auditTopic),
    ]);
    for (const [partition, { end }] of events) {
      const { samples, marks } = this.track(partition);
      // The end was looked up after this moment, so what lies past it came after this moment too.
      samples.add(startedAtMs, end);
      const auditEnd = audit.get(partition)?.end;
      if (auditEnd !== undefined) marks.add(commits.get(partition)?.offset ?? 0, auditEnd);
    }
    this.#positions = {
      lookedAtMs: startedAtMs,
      events,
      ...(fleetId === undefined ? { committed: undefined, commits: undefined } : known(commits)),
      auditEnds: new Map([...audit].map(([partition, { end }]) => [partition, end])),
    };
  }

  async #askCommitted(fleetId: string): Promise<ReadonlyMap<number, CommittedOffset>> {
    const { names, groupOffsets } = this.#options;
    return this.#commits.look(fleetId, await groupOffsets.committed(names.workerGroup, names.eventsTopic));
  }

  async #run(): Promise<void> {
    const { pollIntervalMs = POLL_INTERVAL_MS } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.poll();
        this.#isFailing = false;
      } catch (error) {
        if (!signal.aborted) this.#options.onError?.(error);
        if (!signal.aborted && !this.#isFailing) this.#options.logger.warn("lag cannot be told", { error });
        this.#isFailing = true;
      }
      await sleep(pollIntervalMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

function known(commits: ReadonlyMap<number, CommittedOffset>): Pick<LogPositions, "committed" | "commits"> {
  return { commits, committed: new Map([...commits].map(([partition, { offset }]) => [partition, offset])) };
}
