import type { CommitNote, WorkerWord } from "../fleet/commit-note.js";
import type { GroupMembership } from "../kafka/group-offsets.js";
import type { Pace } from "./lag-reason.js";

/** What is known of one partition, from which its reason follows. */
export interface LagFacts {
  readonly partition: number;
  /** Records not yet committed. */
  readonly lag: number;
  /** In the middle of the other partitions; undefined where there is no other. */
  readonly lagOfOthers: number | undefined;
  /** Undefined where the group could not be asked. */
  readonly group: GroupMembership | undefined;
  /** Whether a worker of the fleet has committed: one can say something only beside an offset. */
  readonly isCommitted: boolean;
  /** What stands beside the committed offset. */
  readonly note: CommitNote;
  /** What the partition's owner says, if it said so lately. */
  readonly word: WorkerWord | undefined;
  /** For how long it was watched that records wait, their owner has them, and nothing was committed or said. */
  readonly silentSeconds: number;
  /** How long ago it was seen that nothing waits; undefined where that was never seen. */
  readonly emptySecondsAgo: number | undefined;
  /** Undefined while it was watched too briefly, and where nothing of what waits was committed lately. */
  readonly pace: Pace | undefined;
  /** Whether more and more waits, by more than commits explain that come in steps. */
  readonly isGrowing: boolean;
  /** Of the records that wait; undefined where none were looked at. */
  readonly sample: WaitingSample | undefined;
}

/** What some of the records are that wait in a partition: all, or such as stand for the others. */
export interface WaitingSample {
  /** Events whose head could be read; as many as wait, or fewer. */
  readonly events: number;
  /** The user with most of them; empty where there is no event. */
  readonly topUser: string;
  /** How many are that user's. */
  readonly ofTopUser: number;
  /** How many were old when they came, by their devices' own clocks. */
  readonly old: number;
  /** How old these were, in the middle; 0 where there are none. */
  readonly oldBySeconds: number;
}
