import { inspect } from "node:util";

/**
 * A password or a private key. Printed, logged, inspected or put into JSON it is `(set)`; only `reveal` gives
 * the text, and only the code that opens a connection calls it.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return "(set)";
  }

  toJSON(): string {
    return "(set)";
  }

  [inspect.custom](): string {
    return "(set)";
  }
}
