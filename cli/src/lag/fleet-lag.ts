import { committedByFleet, type FleetNames, type GroupOffsets, type LogReader } from "@lastknown/shared";

/** How far the workers are behind in one partition of the events. */
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
}

/**
 * Measures how far the fleet is behind. Committed offsets are read before the ends, so a worker that moves on
 * meanwhile makes the lag too great rather than too small.
 */
export async function measureFleetLag(sources: FleetLagSources): Promise<FleetLag> {
  const { names, fleetId, reader, groupOffsets } = sources;
  const commits = committedByFleet(
    fleetId,
    await groupOffsets.committed(names.workerGroup, names.eventsTopic),
  );
  const ends = await reader.ends(names.eventsTopic);
  const partitions: PartitionLag[] = [];
  for (const [partition, { start, end }] of [...ends].sort(([a], [b]) => a - b)) {
    const committed = commits.get(partition) ?? null;
    const lag = Math.max(0, end - Math.max(start, committed ?? start));
    const lagSeconds = lag === 0 ? 0 : await waitedSeconds(sources, partition, end - lag);
    partitions.push({ partition, committed, start, end, lag, lagSeconds });
  }
  return {
    lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
    lagSeconds: worstOf(partitions),
    viewLag: await sources.view.lagRecords(),
    partitions,
  };
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
