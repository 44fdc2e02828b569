/**
 * Why records of a partition wait, as one word each: `kind` in `lastknown lag --json`, and the label `reason` of
 * `lastknown_consumer_lag_reason`. In order of precedence: the first that holds is the main reason.
 */
export const LAG_REASON_KINDS = [
  "none",
  "no_member",
  "waiting_on_redis",
  "waiting_on_registry",
  "waiting_on_kafka",
  "poison",
  "rebalancing",
  "member_dead",
  "hot_partition",
  "device_backlog",
  "falling_behind",
  "catching_up",
  "working",
  "unknown",
] as const;

export type LagReasonKind = (typeof LAG_REASON_KINDS)[number];

export type LagReason =
  /** Nothing waits, but for what has just come. */
  | { readonly kind: "none" }
  /** Nobody in the group has the partition; `workers` are in it, mostly 0. */
  | { readonly kind: "no_member"; readonly workers: number }
  | Waiting
  | Poison
  /** The group shares its partitions out anew; `workers` are in it, or were until now. */
  | { readonly kind: "rebalancing"; readonly workers: number }
  | MemberDead
  | HotPartition
  | DeviceBacklog
  /** More is appended than committed, and was for a while: the lag grows and grows. */
  | ({ readonly kind: "falling_behind" } & Pace)
  /** `doneInSeconds` at this pace. */
  | ({ readonly kind: "catching_up"; readonly doneInSeconds: number } & Pace)
  /** The worker says that it works, and has committed nothing for so long: it begins, heals Redis, or a batch is long. */
  | { readonly kind: "working"; readonly seconds: number }
  /**
   * Nothing tells: it was watched too briefly, its owner has just stopped, as much comes as is done, or the group could
   * not be asked.
   */
  | { readonly kind: "unknown" };

/** The worker that has the partition says that it waits for a server: it lives, and goes on by itself. */
export interface Waiting {
  readonly kind: `waiting_on_${"redis" | "registry" | "kafka"}`;
  /** For how long, by the worker's clock. */
  readonly seconds: number;
}

/** Records are tried again: something ended their workers' processes, or one fails in a way that nobody foresaw. */
export interface Poison {
  readonly kind: "poison";
  /**
   * - `batch`: workers ended in a row at what begins at `offset`, and committed nothing of it
   * - `one_at_a_time`: after such deaths the records from `offset` on run one at a time; most of them harm nobody
   * - `fails`: a record fails, and is tried apart; the worker lives
   */
  readonly cause: "batch" | "one_at_a_time" | "fails";
  /** Null where the worker does not say: where a record fails. */
  readonly offset: number | null;
  /**
   * Processes that ended before, at least: what is at work now is none of them. Where records run one at a time, those
   * that ended while the one at `offset` was at work: 0 at first. 0 where a record fails.
   */
  readonly deaths: number;
}

/** The group still has an owner for the partition, which neither commits nor says anything. */
export interface MemberDead {
  readonly kind: "member_dead";
  readonly memberId: string;
  readonly clientId: string;
  /** Its address as the group's coordinator sees it. */
  readonly host: string;
  /** For at least so long: no longer than it was watched, than records wait, and than it was seen to have them. */
  readonly silentSeconds: number;
  /**
   * The group gives its partitions to others within this time. 0 where its session should have ended: then its
   * heartbeats go on, so it hangs, and ends itself (`--worker-stall-exit-ms`). Null where the session is not known.
   */
  readonly takenAwayWithinSeconds: number | null;
}

/** What a share is of. */
export interface OfLookedAt {
  /** So many events were looked at, here and there, of the more that wait; absent where all were. */
  readonly lookedAt?: number;
}

/** Most of what waits is one user's, and far more waits here than elsewhere. */
export interface HotPartition extends OfLookedAt {
  readonly kind: "hot_partition";
  /** That user's, of the records that were looked at: 0 to 1. */
  readonly share: number;
  /** Whose; only where it was asked for. */
  readonly user?: string;
}

/** Most of what waits was old by its devices' own clocks when it came: late by itself, not by us. */
export interface DeviceBacklog extends OfLookedAt {
  readonly kind: "device_backlog";
  /** Of the events that were looked at: 0 to 1. */
  readonly share: number;
  /** How old these were when they came, in the middle. */
  readonly lateSeconds: number;
}

/** Records per second, as was watched. */
export interface Pace {
  /** In the last ten seconds at most. */
  readonly committedPerSecond: number;
  /** In the last three. */
  readonly appendedPerSecond: number;
}

/** Why a partition lags: the main reason, and what else holds of it, in order of precedence. */
export interface ExplainedLag {
  readonly reason: LagReason;
  readonly remarks: readonly LagReason[];
}

/** What a process that watches the fleet knows of its lags: never waits, and asks nobody. */
export interface LagReasonSource {
  /** Partition → why it lags; a partition of which nothing was seen yet is absent. Undefined while Kafka is away. */
  readonly lagReasons: ReadonlyMap<number, ExplainedLag> | undefined;
}
