import type { FetchedPartition } from "./fetch-answer.js";
import type { InternalBroker } from "./kafkajs-internals.js";

/** What a read wants of one broker. */
export interface BrokerPart {
  readonly nodeId: number;
  /** Another object once its connections were dropped. */
  readonly broker: InternalBroker;
  readonly topic: string;
  /** Partition → offset to read from. */
  readonly positions: ReadonlyMap<number, number>;
}

/** A fetch that one broker holds back, or what came of it and no read has taken yet. */
export interface PendingFetch {
  /** What it asked for. */
  readonly part: BrokerPart;
  /** By `performance.now()`. */
  readonly sentAtMs: number;
  /** A broker that has not answered by then does not do as it was asked. */
  readonly dueAtMs: number;
  /** Resolves when there is an outcome, and never rejects. */
  readonly settled: Promise<void>;
  /** Undefined as long as it is under way. */
  readonly outcome: FetchOutcome | undefined;
}

export interface FetchOutcome {
  /** By `performance.now()`. */
  readonly atMs: number;
  /** The partitions' answers, undecoded, or why there are none. */
  readonly answer: readonly FetchedPartition[] | FailedFetch;
}

export class FailedFetch {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** What a broker may take beside the time that it may wait for records. */
const ANSWERING_MS_MAX = 1000;
/** An answer that nobody took for so long is asked for anew: by then its watermarks are old, and retention went on. */
const UNTAKEN_MS_MAX = 5000;

/**
 * The fetches of a reader that outlive the read that sent them, so that a broker which has nothing holds up no other,
 * and is not asked again at each of their answers.
 *
 * One is kept of each broker, with its answer until a read takes it. Of a fetch of which nothing is wanted any more, as
 * all its positions have changed or its connection was dropped, the next one takes the place, and what becomes of it is
 * ignored. As a connection answers one fetch at a time, the next one stands in line behind it.
 */
export class PendingFetches {
  readonly #kept = new Map<number, PendingFetch>();

  /**
   * The one that is kept where it is of use for the part, else what `send` sends.
   *
   * @param waitMs for which the broker may wait for records
   */
  fetch(part: BrokerPart, waitMs: number, send: () => Promise<readonly FetchedPartition[]>): PendingFetch {
    const kept = this.#kept.get(part.nodeId);
    if (kept !== undefined && isOfUse(kept, part)) return kept;
    const sent = pendingFetch(part, waitMs, send());
    this.#kept.set(part.nodeId, sent);
    return sent;
  }

  /** Its outcome is used now, and by no later read. */
  forget(fetch: PendingFetch): void {
    const { nodeId } = fetch.part;
    if (this.#kept.get(nodeId) === fetch) this.#kept.delete(nodeId);
  }
}

function pendingFetch(
  part: BrokerPart,
  waitMs: number,
  answer: Promise<readonly FetchedPartition[]>,
): PendingFetch {
  const sentAtMs = performance.now();
  const settle = (settledWith: FetchOutcome["answer"]): void => {
    fetch.outcome = { atMs: performance.now(), answer: settledWith };
  };
  const settled = answer.then(settle, (error: unknown) => settle(new FailedFetch(error)));
  const fetch: { -readonly [Key in keyof PendingFetch]: PendingFetch[Key] } = {
    part,
    sentAtMs,
    dueAtMs: sentAtMs + waitMs + ANSWERING_MS_MAX,
    settled,
    outcome: undefined,
  };
  return fetch;
}

function isOfUse({ part, outcome }: PendingFetch, wanted: BrokerPart): boolean {
  if (part.broker !== wanted.broker || part.topic !== wanted.topic) return false;
  if (outcome !== undefined && performance.now() - outcome.atMs > UNTAKEN_MS_MAX) return false;
  return [...wanted.positions].some(([partition, offset]) => part.positions.get(partition) === offset);
}
