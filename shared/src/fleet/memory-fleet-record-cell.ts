import type { FleetRecordCell } from "./fleet-record-copies.js";

/** The cell in memory, for tests. */
export class MemoryFleetRecordCell implements FleetRecordCell {
  #text: string | undefined;

  constructor(text?: string) {
    this.#text = text;
  }

  read(): Promise<string | undefined> {
    return Promise.resolve(this.#text);
  }

  writeIfAbsent(text: string): Promise<string> {
    this.#text ??= text;
    return Promise.resolve(this.#text);
  }
}
