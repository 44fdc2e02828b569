import { encodeOrder, printTime, type Order, type SourceCoordinates } from "@lastknown/shared";

/** One user's newest event, as the store is to have it. */
export interface NewestState {
  readonly user: string;
  /** The greater one replaces the stored state. */
  readonly order: Order;
  /** Canonical JSON. Of equal orders the greater one replaces the stored state, compared as UTF-8 bytes. */
  readonly attributes: string;
  readonly source: SourceCoordinates;
}

/** One user's newest event as the store keeps it. All fields are text: a person can read them with redis-cli. */
export interface StoredState {
  readonly user: string;
  /** As encodeOrder prints it. */
  readonly order: string;
  /** ISO 8601, UTC, six fraction digits. */
  readonly timeStamp: string;
  readonly sts: string;
  readonly attributes: string;
  /** `<topic>/<partition>/<offset>` */
  readonly source: string;
}

export function storedState({ user, order, attributes, source }: NewestState): StoredState {
  const { topic, partition, offset } = source;
  return {
    user,
    order: encodeOrder(order),
    timeStamp: printTime(order.timeStamp),
    sts: printTime(order.sts),
    attributes,
    source: `${topic}/${partition}/${offset}`,
  };
}

/** What one atomic call does to one bucket: its users and its progress together, so that they are lost together. */
export interface BucketUpdate {
  readonly bucket: number;
  /** What the store must have at least, as the worker saw it acknowledged; 0 expects nothing. */
  readonly expectedProgress: number;
  /** The offset up to which the bucket is applied once this call is done. */
  readonly progress: number;
  /** At most one state per user. None: the call only moves and checks the progress. */
  readonly states: readonly NewestState[];
}

/**
 * What one atomic call does to a bucket that is rebuilt from the audit, whose entries come in any order of offsets:
 * the progress stays where it is until the last call. What proves meanwhile that the store has lost nothing is the
 * number of the rebuild's calls, which it stores beside the states.
 */
export interface RebuildCall {
  readonly bucket: number;
  /** Names the rebuild: no other one has it. */
  readonly rebuild: string;
  /** Calls of this rebuild that were acknowledged for this bucket. */
  readonly callsBefore: number;
  /** The bucket's progress from now on, which ends its rebuild; undefined in all calls but the last. */
  readonly progress: number | undefined;
  /** At most one state per user. */
  readonly states: readonly NewestState[];
}

/**
 * - `applied`: each state that is newer than the stored one was written, `written` of them
 * - `behind`: the store has lost what it acknowledged; nothing was changed
 */
export type BucketOutcome =
  | { readonly kind: "applied"; readonly written: number }
  | { readonly kind: "behind"; readonly stored: number };

/**
 * The newest state of each user.
 *
 * All calls are bounded in time and throw StatesUnavailableError where the store did not answer; then any part
 * of the updates may have been made, and making them again does no harm.
 */
export interface StateStore {
  /** One outcome per update, in their order. */
  apply(updates: readonly BucketUpdate[]): Promise<BucketOutcome[]>;

  /**
   * One outcome per call, in their order. `behind` also where another rebuild of the bucket has begun since; a bucket
   * that has the progress already is left as it is.
   */
  rebuild(calls: readonly RebuildCall[]): Promise<BucketOutcome[]>;

  /** The progress of each of the buckets; 0 where there is none. */
  progress(buckets: readonly number[]): Promise<Map<number, number>>;
}

/** The store did not answer, or cannot serve now. A fault of the infrastructure: worth trying again. */
export class StatesUnavailableError extends Error {
  override readonly name = "StatesUnavailableError";
}
