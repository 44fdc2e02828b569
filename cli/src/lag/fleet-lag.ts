import {
  commitsOfFleet,
  explainLag,
  LagWatch,
  WaitingSamples,
  type CommittedOffset,
  type FleetNames,
  type GroupOffsets,
  type LagReason,
  type LogReader,
  type PartitionEnds,
} from "@lastknown/shared";

/** How far the workers are behind in one partition of the events, and why. */
export interface PartitionLag {
  readonly partition: number;
  /** The first record not yet committed; null where no worker of the fleet has committed. */
  readonly committed: number | null;
  readonly start: number;
  readonly end: number;
  /** Records not yet committed. */
  readonly lag: number;
  /**
   * How long the oldest of them has been in the topic; 0 where there is none, null where it cannot be read, as behind
   * a transaction that is open.
   */
  readonly lagSeconds: number | null;
  /** The main reason. */
  readonly reason: LagReason;
  /** What else holds of it. */
  readonly remarks: readonly LagReason[];
}

/** What `lastknown lag --json` prints. */
export interface FleetLag {
  /** Records not yet committed by the workers. */
  readonly lag: number;
  /** The worst partition's; null where any partition's is unknown. */
  readonly lagSeconds: number | null;
  /** Audit records not yet in the view; null where no query service of the fleet tells. */
  readonly viewLag: number | null;
  readonly partitions: readonly PartitionLag[];
}

/** How many audit records the view of a query service lacks; null where none of the fleet answers, or it does not know. */
export interface ViewLag {
  lagRecords(): Promise<number | null>;
}

export interface FleetLagSources {
  readonly names: FleetNames;
  /** Whose workers' commits count: what a tool has set says nothing of what is done. */
  readonly fleetId: string;
  readonly reader: LogReader;
  readonly groupOffsets: GroupOffsets;
  readonly view: ViewLag;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicMs: () => number;
}

/** The partitions with most waiting records are looked into, all of them at once: there may be no second time. */
const SAMPLED_PARTITIONS_MAX = 16;

/** Where the fleet stands at one moment. */
interface FleetLook {
  readonly commits: ReadonlyMap<number, CommittedOffset>;
  readonly ends: ReadonlyMap<number, PartitionEnds>;
}

/** Looks at a fleet again and again, and tells from what it saw how far it is behind, and why. */
export class FleetLagWatch {
  readonly #sources: FleetLagSources;
  readonly #watch = new LagWatch();
  readonly #samples: WaitingSamples;
  #last: FleetLook | undefined;

  constructor(sources: FleetLagSources) {
    this.#sources = sources;
    this.#samples = new WaitingSamples({
      reader: sources.reader,
      topic: sources.names.eventsTopic,
      readsMax: SAMPLED_PARTITIONS_MAX,
      partitionsMax: SAMPLED_PARTITIONS_MAX,
    });
  }

  /**
   * One look. Committed offsets are read before the ends, so a worker that moves on meanwhile makes the lag too great
   * rather than too small.
   */
  async look(): Promise<void> {
    const { names, fleetId, reader, groupOffsets } = this.#sources;
    const [committed, group] = await Promise.all([
      groupOffsets.committed(names.workerGroup, names.eventsTopic),
      // Without it the lag is the same, and its reason less certain.
      groupOffsets.membership(names.workerGroup, names.eventsTopic).catch(() => undefined),
    ]);
    const commits = commitsOfFleet(fleetId, committed);
    const ends = await reader.ends(names.eventsTopic);
    const [atMs, nowMs] = [this.#sources.monotonicMs(), this.#sources.now()];
    this.#watch.look({ atMs, nowMs, ends, commits, group });
    this.#last = { commits, ends };
  }

  /** Partitions of which something waits, and no reason is known by what was seen so far. */
  get unexplained(): number[] {
    return this.#watch.partitions.filter((partition) => {
      const facts = this.#watch.factsOf(partition);
      return facts !== undefined && explainLag(facts).reason.kind === "unknown";
    });
  }

  get lag(): number {
    return this.#watch.partitions.reduce((sum, partition) => sum + this.#watch.lagOf(partition), 0);
  }

  /**
   * What was seen last, with the reasons.
   *
   * @param showUsers whether users may be named
   */
  async measure(showUsers = false): Promise<FleetLag> {
    if (this.#last === undefined) await this.look();
    const look = this.#last as FleetLook;
    await this.#samples.refresh(this.#watch, this.#sources.monotonicMs());
    const partitions: PartitionLag[] = [];
    for (const [partition, { start, end }] of [...look.ends].sort(([a], [b]) => a - b)) {
      const lag = this.#watch.lagOf(partition);
      const facts = this.#watch.factsOf(partition, this.#samples.of(partition));
      if (facts === undefined) continue;
      const committed = look.commits.get(partition)?.offset ?? null;
      const lagSeconds = lag === 0 ? 0 : await waitedSeconds(this.#sources, partition, end - lag);
      const explained = explainLag(facts, showUsers);
      partitions.push({ partition, committed, start, end, lag, lagSeconds, ...explained });
    }
    return {
      lag: this.lag,
      lagSeconds: worstOf(partitions),
      viewLag: await this.#sources.view.lagRecords(),
      partitions,
    };
  }
}

function worstOf(partitions: readonly PartitionLag[]): number | null {
  let worst = 0;
  for (const { lagSeconds } of partitions) {
    if (lagSeconds === null) return null;
    worst = Math.max(worst, lagSeconds);
  }
  return worst;
}

/** null where no record can be read at the offset or behind it. */
async function waitedSeconds(
  sources: FleetLagSources,
  partition: number,
  offset: number,
): Promise<number | null> {
  const appendedAtMs = await sources.reader.appendedAt(sources.names.eventsTopic, partition, offset);
  if (appendedAtMs === undefined) return null;
  // The broker's clock may be a little ahead of ours.
  return Math.max(0, (sources.now() - appendedAtMs) / 1000);
}
