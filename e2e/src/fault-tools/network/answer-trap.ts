import type { AnswerDrop } from "./faults-in-force.js";
import { correlationIdOf, type Frame, KafkaFrames, requestOf } from "./kafka-frames.js";

/** Waits on one connection for the answer that is to be swallowed. */
export interface AnswerTrap {
  /** Sees every piece to the server. @returns whether it is, or holds, a request whose answer is to be swallowed */
  request(piece: Buffer, drop: AnswerDrop | undefined): boolean;
  /** Sees every piece to the client. @returns what of it may still go on */
  answer(piece: Buffer): Buffer;
}

/** Kafka's frames tell which answer belongs to which request; what came before goes on. */
export class KafkaAnswerTrap implements AnswerTrap {
  readonly #onSwallowed: () => void;
  readonly #requests = KafkaFrames.ofRequests();
  readonly #answers = KafkaFrames.ofAnswers();
  #correlationId: number | undefined;
  /** Of the answer, when it has begun: bytes still to come. */
  #left: number | undefined;

  constructor(onSwallowed: () => void) {
    this.#onSwallowed = onSwallowed;
  }

  request(piece: Buffer, drop: AnswerDrop | undefined): boolean {
    const requests = this.#requests.take(piece).map(requestOf);
    if (drop === undefined || this.#correlationId !== undefined) return false;
    const wanted = requests.find(({ apiKey }) => apiKey === (drop.kafkaApiKey ?? apiKey));
    this.#correlationId = wanted?.correlationId;
    return wanted !== undefined;
  }

  answer(piece: Buffer): Buffer {
    const frames = this.#answers.take(piece);
    if (this.#left !== undefined) {
      this.#swallow(piece.length);
      return piece.subarray(0, 0);
    }
    const wanted = frames.find((frame) => correlationIdOf(frame) === this.#correlationId);
    if (wanted === undefined) return piece;
    return this.#begin(piece, wanted);
  }

  #begin(piece: Buffer, { at, end }: Frame): Buffer {
    const from = Math.max(0, at);
    this.#left = end - from;
    this.#swallow(piece.length - from);
    return piece.subarray(0, from);
  }

  #swallow(bytes: number): void {
    this.#left = (this.#left ?? 0) - bytes;
    if (this.#left <= 0) this.#onSwallowed();
  }
}

/** After so long without another byte an answer counts as whole. */
const QUIET_MS = 50;

/**
 * For protocols that answer in the order of the requests and at once, as Redis and HTTP do: all that comes after
 * the request is swallowed, and when the server is silent again, all that was asked has taken effect.
 */
export class PlainAnswerTrap implements AnswerTrap {
  readonly #onSwallowed: () => void;
  #isSet = false;
  #quiet: NodeJS.Timeout | undefined;

  constructor(onSwallowed: () => void) {
    this.#onSwallowed = onSwallowed;
  }

  request(piece: Buffer, drop: AnswerDrop | undefined): boolean {
    if (drop === undefined || this.#isSet || !piece.includes(drop.containing ?? "")) return false;
    this.#isSet = true;
    return true;
  }

  answer(piece: Buffer): Buffer {
    if (!this.#isSet) return piece;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(this.#onSwallowed, QUIET_MS);
    return piece.subarray(0, 0);
  }
}
