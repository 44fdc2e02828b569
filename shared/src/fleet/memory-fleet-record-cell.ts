import type { FleetRecordCell } from "./fleet-record-copies.js";

/** The cell in memory, for tests. */
export class MemoryFleetRecordCell implements FleetRecordCell {
  #text: string | undefined;

  constructor(text?: string) {
    this.#text = text;
  }

  /** As if another Redis had come in this one's place, or it had been emptied. */
  hold(text: string | undefined): void {
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
