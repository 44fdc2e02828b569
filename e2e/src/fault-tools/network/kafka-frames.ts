/** Length, then api key, version and correlation id. */
const REQUEST_HEAD_BYTES = 12;
/** Length, then correlation id. */
const ANSWER_HEAD_BYTES = 8;
const LENGTH_BYTES = 4;

export interface Frame {
  readonly head: Buffer;
  /** Where it begins in the piece in which its head was whole; below 0 where the head began in an earlier one. */
  readonly at: number;
  /** Where it ends, counted as `at`: past the piece where more is to come. */
  readonly end: number;
}

/** Finds the frames of Kafka's protocol in one direction of a connection, seen from its first byte on. */
export class KafkaFrames {
  readonly #headBytes: number;
  #head: Buffer = Buffer.alloc(0);
  /** Of the frame whose head is known: bytes still to come. */
  #left = 0;

  private constructor(headBytes: number) {
    this.#headBytes = headBytes;
  }

  static ofRequests(): KafkaFrames {
    return new KafkaFrames(REQUEST_HEAD_BYTES);
  }

  static ofAnswers(): KafkaFrames {
    return new KafkaFrames(ANSWER_HEAD_BYTES);
  }

  /** The frames whose heads became whole with this piece. */
  take(piece: Buffer): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at < piece.length) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, piece.length - at);
        this.#left -= skipped;
        at += skipped;
        continue;
      }
      const begun = this.#head.length;
      const taken = piece.subarray(at, at + this.#headBytes - begun);
      this.#head = Buffer.concat([this.#head, taken]);
      at += taken.length;
      if (this.#head.length < this.#headBytes) break;
      this.#left = Math.max(0, this.#head.readInt32BE(0) + LENGTH_BYTES - this.#headBytes);
      frames.push({ head: this.#head, at: at - this.#headBytes, end: at + this.#left });
      this.#head = Buffer.alloc(0);
    }
    return frames;
  }
}

export function requestOf({ head }: Frame): { readonly apiKey: number; readonly correlationId: number } {
  return { apiKey: head.readInt16BE(4), correlationId: head.readInt32BE(8) };
}

export function correlationIdOf({ head }: Frame): number {
  return head.readInt32BE(4);
}
