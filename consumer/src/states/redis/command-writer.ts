import {
  ENCODED_ORDER_LENGTH,
  PRINTED_TIME_BYTES,
  writeOrderText,
  writeTimeText,
  type Micros,
  type Order,
} from "@lastknown/shared";
import type { CommandWords } from "./command-words.js";

const INITIAL_BYTES = 4096;
const UTF8_BYTES_PER_UNIT_MAX = 3;
/** Of a safe integer. */
const DIGITS_MAX = 16;
/** A mark, the digits of a length, and two line ends: less than this. */
const FRAME_BYTES_MAX = 24;
const [CR, LF, DIGIT_ZERO] = [0x0d, 0x0a, 0x30];
const [ARRAY, BULK] = ["*", "$"].map((mark) => mark.charCodeAt(0)) as [number, number];

/**
 * Commands as Redis reads them: arrays of words, each behind its length in bytes. They are written byte by byte where
 * they go out from, as a text for each word, and one of all words, would cost more than all else that is done to them.
 */
export class CommandWriter implements CommandWords {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #at = 0;
  #words = 0;

  /** How many bytes are written. */
  get length(): number {
    return this.#at;
  }

  /** How many words are written. */
  get words(): number {
    return this.#words;
  }

  /** A view: it stands as long as nothing more is written. */
  slice(from: number, to: number): Buffer {
    return this.#bytes.subarray(from, to);
  }

  /** Begins a command of so many words. */
  command(words: number): void {
    this.#reserve(FRAME_BYTES_MAX);
    this.#head(ARRAY, words);
  }

  text(word: string): void {
    this.#reserve(FRAME_BYTES_MAX + word.length * UTF8_BYTES_PER_UNIT_MAX);
    const begin = this.#at;
    // Nearly all words are ASCII, and to ask for the length before costs as much as to write them.
    this.#head(BULK, word.length);
    const written = this.#bytes.write(word, this.#at);
    if (written !== word.length) {
      this.#at = begin;
      this.#head(BULK, written);
      this.#bytes.write(word, this.#at);
    }
    this.#at += written;
    this.#endWord();
  }

  headed(head: Buffer, tail: string): void {
    this.#reserve(FRAME_BYTES_MAX + head.length + tail.length * UTF8_BYTES_PER_UNIT_MAX);
    const begin = this.#at;
    this.#head(BULK, head.length + tail.length);
    this.#ascii(head);
    if (!this.#isWrittenAsAscii(tail)) {
      this.#at = begin;
      this.#head(BULK, head.length + Buffer.byteLength(tail));
      this.#ascii(head);
      this.#at += this.#bytes.write(tail, this.#at);
    }
    this.#endWord();
  }

  numbered(head: Buffer, number: number): void {
    this.#reserve(FRAME_BYTES_MAX + head.length + DIGITS_MAX);
    const digits = digitsOf(number);
    this.#head(BULK, head.length + digits);
    this.#ascii(head);
    this.#digits(number, digits);
    this.#endWord();
  }

  order(order: Order): void {
    this.#reserve(FRAME_BYTES_MAX + ENCODED_ORDER_LENGTH);
    this.#head(BULK, ENCODED_ORDER_LENGTH);
    this.#at = writeOrderText(this.#bytes, this.#at, order);
    this.#endWord();
  }

  time(micros: Micros): void {
    this.#reserve(FRAME_BYTES_MAX + PRINTED_TIME_BYTES);
    this.#head(BULK, PRINTED_TIME_BYTES);
    this.#at = writeTimeText(this.#bytes, this.#at, micros);
    this.#endWord();
  }

  /** False, and any part is written, where it is none. */
  #isWrittenAsAscii(text: string): boolean {
    const { length } = text;
    const bytes = this.#bytes;
    const at = this.#at;
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) return false;
      bytes[at + index] = unit;
    }
    this.#at = at + length;
    return true;
  }

  /** A few bytes: to enter the runtime for them would cost more. */
  #ascii(head: Buffer): void {
    const { length } = head;
    const bytes = this.#bytes;
    const at = this.#at;
    for (let index = 0; index < length; index++) bytes[at + index] = head[index] as number;
    this.#at = at + length;
  }

  #head(mark: number, count: number): void {
    this.#bytes[this.#at++] = mark;
    this.#digits(count, digitsOf(count));
    this.#end();
  }

  #digits(number: number, digits: number): void {
    const bytes = this.#bytes;
    const begin = this.#at;
    let left = number;
    for (let at = begin + digits - 1; at >= begin; at--) {
      const tens = Math.floor(left / 10);
      bytes[at] = DIGIT_ZERO + (left - tens * 10);
      left = tens;
    }
    this.#at = begin + digits;
  }

  #endWord(): void {
    this.#end();
    this.#words++;
  }

  #end(): void {
    this.#bytes[this.#at++] = CR;
    this.#bytes[this.#at++] = LF;
  }

  #reserve(length: number): void {
    const needed = this.#at + length;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

function digitsOf(number: number): number {
  let digits = 1;
  for (let left = number; left > 9; left = Math.floor(left / 10)) digits++;
  return digits;
}
