import type { CommittedOffset } from "@lastknown/shared";

/** Who is told what becomes of the membership. Called one after the other, never at once. */
export interface GroupListener {
  /** The partitions are ours until the next call. `generation` names this assignment in commits. */
  assigned(generation: number, partitions: readonly number[]): void;
  /**
   * Nothing is ours until the next assignment: the group is about to share out anew; or, where `lost` is given, we are
   * out of it until its coordinator serves us again.
   */
  revoked(lost?: Error): void;
  /** We have no membership any more and get none: the worker has to end. */
  failed(error: Error): void;
}

/**
 * - `committed`: the group will go on from these offsets
 * - `stale`: the assignment ended meanwhile; whoever has the partitions now does their work again
 */
export type CommitOutcome = "committed" | "stale";

/**
 * A member of the group that shares the partitions of the events topic among the workers. Heartbeats go on by
 * themselves, whatever the worker does.
 *
 * Faults of the servers are KafkaUnavailableError; a membership that is lost for a time comes back by itself,
 * as another assignment.
 */
export interface WorkerGroup {
  /** May be called again after a KafkaUnavailableError. */
  join(listener: GroupListener): Promise<void>;

  /**
   * Offsets to go on from (last + 1), by partition, each with a note of ours that is kept beside it; without one the
   * note before it is gone. Commits nothing if another assignment began since, however late the commit comes.
   */
  commit(
    generation: number,
    offsets: ReadonlyMap<number, number>,
    notes?: ReadonlyMap<number, string>,
  ): Promise<CommitOutcome>;

  /** Partition → the offset and the note of its last commit, in one answer; a partition without one is absent. */
  committed(): Promise<Map<number, CommittedOffset>>;

  /** Leaves, so that the others get the partitions at once, and leaves nothing open. */
  leave(): Promise<void>;
}
