/** What holds a single partition up while others go on: only the registry tells a schema; or a record is tried apart. */
export type Holdup = "registry" | "apart";

/** What holds the partitions of an assignment up now, but for the servers that all of its work waits for. */
export class Holdups {
  readonly #held: { readonly partition: number; readonly by: Holdup }[] = [];

  /** Gives what has to be called when it is over. */
  begin(partitions: Iterable<number>, by: Holdup): () => void {
    const begun = [...new Set(partitions)].map((partition) => ({ partition, by }));
    this.#held.push(...begun);
    return () => {
      for (const held of begun) this.#held.splice(this.#held.indexOf(held), 1);
    };
  }

  of(partition: number): Holdup | undefined {
    return this.#held.find((held) => held.partition === partition)?.by;
  }

  some(by: Holdup): boolean {
    return this.#held.some((held) => held.by === by);
  }
}
