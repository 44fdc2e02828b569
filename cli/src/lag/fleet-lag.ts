import type { FleetNames, LogReader } from "@lastknown/shared";

/** How far the workers are behind in one partition of the events. */
export interface PartitionLag {
  readonly partition: number;
  /** The first record not yet committed; null where the group has committed nothing. */
  readonly committed: number | null;
  readonly start: number;
  readonly end: number;
  /** Records not yet committed. */
  readonly lag: number;
  /** How long the oldest of them has been in the topic; 0 where there is none. */
  readonly lagSeconds: number;
}

/** What `lastknown lag --json` prints. */
export interface FleetLag {
  /** Records not yet committed by the workers. */
  readonly lag: number;
  /** The worst partition's. */
  readonly lagSeconds: number;
  /** Audit records not yet in the view; null where no query service answers. */
  readonly viewLag: number | null;
  readonly partitions: readonly PartitionLag[];
}

/** The group's committed offsets as the broker tells them: a negative one (kafkajs can commit −2) means none. */
export interface CommittedOffsets {
  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>>;
}

/** The audit offsets up to which a query service's view has folded, or undefined where none answers. */
export interface ViewPositions {
  positions(): Promise<ReadonlyMap<number, number> | undefined>;
}

export interface FleetLagSources {
  readonly names: FleetNames;
  readonly reader: LogReader;
  readonly committed: CommittedOffsets;
  readonly view: ViewPositions;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Measures how far the fleet is behind. Committed offsets are read before the ends, so a worker that moves on
 * meanwhile makes the lag too great rather than too small.
 */
export async function measureFleetLag(sources: FleetLagSources): Promise<FleetLag> {
  const { names, reader, committed } = sources;
  const commits = await committed.committed(names.workerGroup, names.eventsTopic);
  const ends = await reader.ends(names.eventsTopic);
  const partitions: PartitionLag[] = [];
  for (const [partition, { start, end }] of [...ends].sort(([a], [b]) => a - b)) {
    const committedOffset = committedOrNull(commits.get(partition));
    const lag = Math.max(0, end - Math.max(start, committedOffset ?? start));
    const lagSeconds = lag === 0 ? 0 : await waitedSeconds(sources, partition, end - lag);
    partitions.push({ partition, committed: committedOffset, start, end, lag, lagSeconds });
  }
  return {
    lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
    lagSeconds: Math.max(0, ...partitions.map(({ lagSeconds }) => lagSeconds)),
    viewLag: await measureViewLag(sources),
    partitions,
  };
}

function committedOrNull(offset: number | undefined): number | null {
  return offset === undefined || offset < 0 ? null : offset;
}

async function waitedSeconds(sources: FleetLagSources, partition: number, offset: number): Promise<number> {
  const appendedAtMs = await sources.reader.appendedAt(sources.names.eventsTopic, partition, offset);
  if (appendedAtMs === undefined) return 0;
  // The broker's clock may be a little ahead of ours.
  return Math.max(0, (sources.now() - appendedAtMs) / 1000);
}

/** The view's positions are read before the audit's ends, for the same reason. */
async function measureViewLag({ names, reader, view }: FleetLagSources): Promise<number | null> {
  const positions = await view.positions();
  if (positions === undefined) return null;
  let lag = 0;
  for (const [partition, { start, end }] of await reader.ends(names.auditTopic)) {
    lag += Math.max(0, end - Math.max(start, positions.get(partition) ?? start));
  }
  return lag;
}
