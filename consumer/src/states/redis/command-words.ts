import { encodeOrder, printTime, type Micros, type Order } from "@lastknown/shared";

/**
 * Takes a command's words one after the other. Who gives them need not know what becomes of them: bytes for Redis, or
 * texts for a client that makes the bytes itself.
 */
export interface CommandWords {
  text(word: string): void;
  /** One word: ASCII, and a short text behind it. */
  headed(head: Buffer, tail: string): void;
  /** One word: ASCII, and a whole number, 0 or more, behind it. */
  numbered(head: Buffer, number: number): void;
  /** As encodeOrder has it. */
  order(order: Order): void;
  /** As printTime has it. */
  time(micros: Micros): void;
}

/** The words as texts. */
export class TextWords implements CommandWords {
  readonly texts: string[] = [];

  text(word: string): void {
    this.texts.push(word);
  }

  headed(head: Buffer, tail: string): void {
    this.texts.push(`${head.toString()}${tail}`);
  }

  numbered(head: Buffer, number: number): void {
    this.headed(head, String(number));
  }

  order(order: Order): void {
    this.texts.push(encodeOrder(order));
  }

  time(micros: Micros): void {
    this.texts.push(printTime(micros));
  }
}
