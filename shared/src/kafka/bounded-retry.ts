import { setTimeout as sleep } from "node:timers/promises";
import { withDeadline } from "../deadline/index.js";
import { KafkaRefusedError, KafkaUnavailableError, UnknownTopicError } from "./errors.js";
import { faultOfAttempt, PartitionError, type KafkaFault } from "./kafka-fault.js";

export interface RetryLimits {
  /** How long one attempt may take. */
  readonly attemptTimeoutMs: number;
  /** After this no new attempt begins. */
  readonly deadlineMs: number;
}

/** One attempt of a call. It is looked at, not waited for: the events of AbortSignals took 5 % of a worker at a trickle. */
export interface Attempt {
  /** It has answered, failed, or not ended in time. From then on it must change nothing more. */
  readonly isOver: boolean;
}

export interface RetriedCall<Answer> {
  /** What failed, as the end of "Kafka at … did not": `answer a read of topic/3`. */
  readonly doing: string;
  readonly topic: string;
  readonly brokers: readonly string[];
  readonly limits: RetryLimits;
  /** Aborted when the client closes; without it the call ends only by itself. */
  readonly closing?: AbortSignal;
  readonly attempt: (attempt: Attempt) => Promise<Answer>;
  /** Called before the next attempt, to drop what the fault proved wrong. */
  readonly recover: (fault: KafkaFault, error: unknown) => void;
}

const FIRST_DELAY_MS = 50;
const DELAY_MS_MAX = 2000;
/** A topic just created is not known to each broker at once: 0.05 to 0.8 s in all. */
const UNKNOWN_TOPIC_ATTEMPTS_MAX = 5;

/**
 * Calls `attempt` until it answers, with capped and jittered delays, until the deadline. Ends with
 * KafkaUnavailableError, UnknownTopicError, KafkaRefusedError or, for what no retry mends, the error itself.
 */
export async function retryBounded<Answer>(call: RetriedCall<Answer>): Promise<Answer> {
  const { doing, brokers, closing, limits } = call;
  const deadline = performance.now() + limits.deadlineMs;
  for (let attempts = 1; ; attempts++) {
    if (closing?.aborted === true)
      throw new KafkaUnavailableError(brokers, `${doing}, as the client was closed`);
    try {
      return await attemptWithTimeout(call.attempt, limits.attemptTimeoutMs);
    } catch (error) {
      const fault = retriableFault(error, call, attempts);
      call.recover(fault, error);
      const delayMs = delayBeforeAttempt(attempts);
      if (performance.now() + delayMs > deadline)
        throw new KafkaUnavailableError(brokers, doing, { cause: error });
      await sleepUnlessClosing(delayMs, closing);
    }
  }
}

/** The fault if another attempt may mend it; throws what the call must end with otherwise. */
function retriableFault(
  error: unknown,
  { topic, brokers, doing }: Pick<RetriedCall<unknown>, "topic" | "brokers" | "doing">,
  attempts: number,
): KafkaFault {
  const fault = error instanceof AttemptTimeoutError ? "unreachable" : faultOfAttempt(error);
  if (fault === "refused") throw new KafkaRefusedError(brokers, doing, { cause: error });
  if (fault === "unknown-topic" && attempts >= UNKNOWN_TOPIC_ATTEMPTS_MAX) {
    const partition = error instanceof PartitionError ? error.partition : undefined;
    throw new UnknownTopicError(topic, partition, { cause: error });
  }
  if (fault === "other" || fault === "too-large") throw error;
  return fault;
}

/** Doubling, capped, and anywhere between half and all of it, so that many clients do not come back at once. */
export function delayBeforeAttempt(attempts: number): number {
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (attempts - 1), DELAY_MS_MAX);
  return delayMs * (0.5 + Math.random() / 2);
}

async function sleepUnlessClosing(delayMs: number, closing: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(delayMs, undefined, closing === undefined ? {} : { signal: closing });
  } catch (error) {
    // The caller looks at the signal itself.
    if (closing?.aborted !== true) throw error;
  }
}

/** The attempt gave no answer at all in time. */
export class AttemptTimeoutError extends Error {
  override readonly name = "AttemptTimeoutError";
}

async function attemptWithTimeout<Answer>(
  attempt: RetriedCall<Answer>["attempt"],
  timeoutMs: number,
): Promise<Answer> {
  const running = { isOver: false };
  try {
    return await withDeadline(timeoutMs, attempt(running), () => {
      throw new AttemptTimeoutError(`no answer in ${timeoutMs} ms`);
    });
  } finally {
    running.isOver = true;
  }
}
