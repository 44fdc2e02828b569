import {
  EmptiedRegistryError,
  KafkaUnavailableError,
  RedisUnavailableError,
  RegistryUnavailableError,
  SERVERS,
  isRedisRefusal,
  serverErrorKind,
  unlessAborted,
  type Logger,
  type Server,
  type ServerErrorKind,
} from "@lastknown/shared";
import { ExponentialBackoff, halfJitterGenerator, handleWhen, retry, type RetryPolicy } from "cockatiel";
import { StatesUnavailableError } from "../states/state-store.js";

export interface PatienceOptions {
  readonly delayMs: number;
  /** The longest pause; pauses double up to it, with jitter. */
  readonly delayMaxMs: number;
  /** A call that has not ended by then waits for its server, even where no attempt has failed yet. */
  readonly noticeAfterMs?: number;
  /** Told of each call to a server that failed. */
  readonly onError?: (server: Server, kind: ServerErrorKind | undefined) => void;
  readonly logger: Logger;
}

/** What work needs of Patience. */
export type Outlasting = Pick<Patience, "outlast">;

/**
 * Waits out faults of the servers: they say nothing about the records, so the work pauses and is tried again
 * until it is done or the partitions are ours no more. Each attempt has a bound of its own.
 */
export class Patience {
  readonly #policy: RetryPolicy;
  readonly #noticeAfterMs: number | undefined;
  readonly #onError: NonNullable<PatienceOptions["onError"]>;
  readonly #logger: Logger;
  /** How many calls wait for each server now. */
  readonly #waiting = new Map<Server, number>(SERVERS.map((server) => [server, 0]));

  readonly #listeners = new Set<(server: Server) => void>();

  constructor({ delayMs, delayMaxMs, noticeAfterMs, onError, logger }: PatienceOptions) {
    this.#noticeAfterMs = noticeAfterMs;
    this.#onError = onError ?? (() => undefined);
    this.#logger = logger;
    // The default has no jitter at its longest pause: all workers would come back to a server at one moment.
    const generator = halfJitterGenerator;
    const backoff = new ExponentialBackoff({ generator, initialDelay: delayMs, maxDelay: delayMaxMs });
    // A pause that was given up must not hold up the process's end; connections keep it running otherwise.
    this.#policy = retry(handleWhen(isServerFault), { backoff }).dangerouslyUnref();
  }

  /** What `attempt` gives in the end; rejects with the signal's reason as soon as it is aborted. */
  async outlast<Answer>(
    server: Server,
    signal: AbortSignal,
    attempt: () => Promise<Answer>,
  ): Promise<Answer> {
    let isWaiting = false;
    let fault: unknown;
    const wait = (): void => {
      if (!isWaiting) this.#count(server, 1);
      isWaiting = true;
      this.#logger.warn("waiting for a server", { server, ...(fault === undefined ? {} : { error: fault }) });
    };
    const notice = this.#noticeAfterMs === undefined ? undefined : setTimeout(wait, this.#noticeAfterMs);
    const tryOnce = async (): Promise<Answer> => {
      signal.throwIfAborted();
      try {
        return await attempt();
      } catch (error) {
        // Nobody waits for this attempt any more; perhaps it ended only because we closed its client.
        signal.throwIfAborted();
        this.#onError(server, kindOf(error));
        if (isServerFault(error) && fault === undefined) {
          clearTimeout(notice);
          fault = error;
          wait();
        }
        throw error;
      }
    };
    try {
      const answer = await unlessAborted(signal, this.#policy.execute(tryOnce));
      if (isWaiting) this.#logger.info("server serves again", { server });
      return answer;
    } finally {
      clearTimeout(notice);
      if (isWaiting) this.#count(server, -1);
    }
  }

  /** One attempt, which counts as a wait for its server where it takes long: for what goes on without an answer, too. */
  async once<Answer>(server: Server, attempt: () => Promise<Answer>): Promise<Answer> {
    let isOver = (): void => undefined;
    const wait = (): void => {
      this.#count(server, 1);
      isOver = () => this.#count(server, -1);
    };
    const notice = this.#noticeAfterMs === undefined ? undefined : setTimeout(wait, this.#noticeAfterMs);
    try {
      return await attempt();
    } catch (error) {
      this.#onError(server, kindOf(error));
      throw error;
    } finally {
      clearTimeout(notice);
      isOver();
    }
  }

  /** Notes a wait that others make, who try by themselves. Gives what has to be called when it is over. */
  wait(server: Server, error: Error): () => void {
    this.#onError(server, kindOf(error));
    this.#count(server, 1);
    this.#logger.warn("waiting for a server", { server, error });
    return () => {
      this.#count(server, -1);
      this.#logger.info("server serves again", { server });
    };
  }

  /** Calls the listener whenever another call begins to wait for a server. Gives what ends that. */
  onWait(listener: (server: Server) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The servers that something waits for now. */
  waitingOn(): Server[] {
    return SERVERS.filter((server) => this.#waiting.get(server) !== 0);
  }

  #count(server: Server, change: number): void {
    this.#waiting.set(server, (this.#waiting.get(server) ?? 0) + change);
    if (change > 0) for (const listener of this.#listeners) listener(server);
  }
}

function kindOf(error: unknown): ServerErrorKind | undefined {
  if (!(error instanceof StatesUnavailableError)) return serverErrorKind(error);
  return isRedisRefusal(error.cause) ? "refused" : "unavailable";
}

export function isServerFault(error: unknown): boolean {
  return (
    error instanceof KafkaUnavailableError ||
    error instanceof RedisUnavailableError ||
    error instanceof RegistryUnavailableError ||
    error instanceof EmptiedRegistryError ||
    error instanceof StatesUnavailableError
  );
}
