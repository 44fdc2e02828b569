import { encodeOrder, printTime, type Micros, type Order } from "@lastknown/shared";

/**
 * Takes a command's words one after the other. Who gives them need not know what becomes of them: bytes for Redis, or
 * texts for a client that makes the bytes itself.
 */
export interface CommandWords {
  text(word: string): void;
  /** One word of two texts. */
  joined(head: string, tail: string): void;
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

  joined(head: string, tail: string): void {
    this.texts.push(`${head}${tail}`);
  }

  order(order: Order): void {
    this.texts.push(encodeOrder(order));
  }

  time(micros: Micros): void {
    this.texts.push(printTime(micros));
  }
}
