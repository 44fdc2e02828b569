import type { PartitionEnds } from "@lastknown/shared";

/** Offsets of one partition, each that of the next record. */
interface Position {
  /** Undefined while nothing is to be fetched. */
  fetched: number | undefined;
  /** Up to here every effect is acknowledged. */
  done: number;
  committed: number;
  /** Where the log was last seen to end; undefined while it was not. */
  end: number | undefined;
}

/**
 * How far an assignment has come in each of its partitions that have started: fetched ≥ done. What is done is less
 * than what is committed while a partition is applied again.
 */
export class Positions {
  readonly #positions = new Map<number, Position>();

  /** Begins at an offset, or begins again there. */
  start(partition: number, { offset, committed }: { offset: number; committed: number }): void {
    this.#positions.set(partition, { fetched: offset, done: offset, committed, end: undefined });
  }

  /** Until it is started again there is nothing to be fetched, done or committed of the partition. */
  stop(partition: number): void {
    this.#positions.delete(partition);
  }

  /**
   * Fetches no more of the partition, until it is started again.
   *
   * @returns false, and changes nothing, where it was stopped or started elsewhere since the fetch from there began
   */
  stopFetching(partition: number, from: number): boolean {
    return this.#setFetched(partition, from, undefined);
  }

  /** The same, wherever it is being fetched. */
  pause(partition: number): void {
    this.#position(partition).fetched = undefined;
  }

  /** Whether it has started, and nothing of it is to be fetched. */
  isPaused(partition: number): boolean {
    const position = this.#positions.get(partition);
    return position !== undefined && position.fetched === undefined;
  }

  /** Undefined while it has not started. */
  doneOf(partition: number): number | undefined {
    return this.#positions.get(partition)?.done;
  }

  /** Whether there is something to be done of it: to start it, to fetch again, or what was fetched. */
  hasCome(partition: number): boolean {
    const position = this.#positions.get(partition);
    return position?.fetched === undefined || position.fetched > position.done;
  }

  /** Whether the log goes on behind what could be fetched of it, as where a transaction is open. */
  isWithheld(partition: number): boolean {
    const { fetched, end } = this.#positions.get(partition) ?? {};
    return fetched !== undefined && end !== undefined && end > fetched;
  }

  get fetched(): Map<number, number> {
    const fetched = new Map<number, number>();
    for (const [partition, position] of this.#positions) {
      if (position.fetched !== undefined) fetched.set(partition, position.fetched);
    }
    return fetched;
  }

  get done(): Map<number, number> {
    return new Map([...this.#positions].map(([partition, { done }]) => [partition, done]));
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
   * @returns false, and changes nothing, where the partition was stopped or started elsewhere meanwhile
   */
  advanceFetched(partition: number, from: number | undefined, to: number): boolean {
    return this.#setFetched(partition, from, to);
  }

  /** As a fetch tells; the partition may have been stopped meanwhile. */
  sawEnd(partition: number, end: number): void {
    const position = this.#positions.get(partition);
    if (position !== undefined) position.end = end;
  }

  markDone(partition: number, offset: number): void {
    this.#position(partition).done = offset;
  }

  markCommitted(offsets: ReadonlyMap<number, number>): void {
    for (const [partition, offset] of offsets) this.#position(partition).committed = offset;
  }

  #setFetched(partition: number, from: number | undefined, to: number | undefined): boolean {
    const position = this.#positions.get(partition);
    if (position === undefined || position.fetched !== from) return false;
    position.fetched = to;
    return true;
  }

  #position(partition: number): Position {
    const position = this.#positions.get(partition);
    if (position === undefined) throw new Error(`partition ${partition} was not started`);
    return position;
  }
}
