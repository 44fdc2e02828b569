import type { PartitionEnds } from "@lastknown/shared";

/** Offsets of one partition, each that of the next record. */
interface Position {
  fetched: number;
  /** Up to here every effect is acknowledged. */
  done: number;
  committed: number;
}

/** How far an assignment has come in each of its partitions: fetched ≥ done ≥ committed. */
export class Positions {
  readonly #positions = new Map<number, Position>();

  /** Begins at an offset, or begins again there; what was committed is kept. */
  start(partition: number, offset: number): void {
    const committed = this.#positions.get(partition)?.committed ?? 0;
    this.#positions.set(partition, { fetched: offset, done: offset, committed });
  }

  get fetched(): Map<number, number> {
    return this.#each(({ fetched }) => fetched);
  }

  get done(): Map<number, number> {
    return this.#each(({ done }) => done);
  }

  /** Where more is done than is committed. */
  get uncommitted(): Map<number, number> {
    return new Map([...this.done].filter(([partition, done]) => done > this.#position(partition).committed));
  }

  /**
   * Whether one of these partitions holds more than is done. One that is not started, as it has to be made good first,
   * is not counted once others are.
   */
  lack(ends: ReadonlyMap<number, PartitionEnds>, partitions: readonly number[]): boolean {
    return partitions.some((partition) => {
      const { start, end } = ends.get(partition) ?? { start: 0, end: 0 };
      const done = this.#positions.get(partition)?.done;
      return end > (this.#positions.size === 0 ? start : (done ?? end));
    });
  }

  /**
   * @param from where the fetch began
   * @returns false, and changes nothing, where the partition was started elsewhere meanwhile
   */
  advanceFetched(partition: number, from: number | undefined, to: number): boolean {
    const position = this.#position(partition);
    if (position.fetched !== from) return false;
    position.fetched = to;
    return true;
  }

  markDone(partition: number, offset: number): void {
    this.#position(partition).done = offset;
  }

  markCommitted(offsets: ReadonlyMap<number, number>): void {
    for (const [partition, offset] of offsets) this.#position(partition).committed = offset;
  }

  #position(partition: number): Position {
    const position = this.#positions.get(partition);
    if (position === undefined) throw new Error(`partition ${partition} was not started`);
    return position;
  }

  #each(offset: (position: Position) => number): Map<number, number> {
    return new Map([...this.#positions].map(([partition, position]) => [partition, offset(position)]));
  }
}
