import { KafkaUnavailableError, type CommittedOffset } from "@lastknown/shared";
import type { CommitOutcome, GroupListener, WorkerGroup } from "../worker-group.js";

/** What the coordinator knows: the members, whose assignment is the newest, and the committed offsets. */
export class MemoryCoordinator {
  readonly #partitions: number;
  readonly #listeners: GroupListener[] = [];
  readonly committed = new Map<number, number>();
  /** Beside the committed offsets. */
  readonly notes = new Map<number, string>();
  generation = 0;
  /** While true, no call is answered. */
  unavailable = false;

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  add(listener: GroupListener): void {
    this.#listeners.push(listener);
    this.rebalance();
  }

  remove(listener: GroupListener): void {
    this.#listeners.splice(this.#listeners.indexOf(listener), 1);
    this.rebalance();
  }

  /** As if all of them had been killed, and were missed. */
  forgetMembers(): void {
    this.#listeners.splice(0);
  }

  /** Shares the partitions out anew, turn by turn. */
  rebalance(): void {
    this.generation++;
    for (const listener of this.#listeners) listener.revoked();
    this.#listeners.forEach((listener, index) => {
      const mine = Array.from({ length: this.#partitions }, (_, partition) => partition).filter(
        (partition) => partition % this.#listeners.length === index,
      );
      listener.assigned(this.generation, mine);
    });
  }
}

/** A member of a group in memory, for tests. */
export class MemoryWorkerGroup implements WorkerGroup {
  readonly #coordinator: MemoryCoordinator;
  #listener: GroupListener | undefined;

  constructor(coordinator: MemoryCoordinator) {
    this.#coordinator = coordinator;
  }

  async join(listener: GroupListener): Promise<void> {
    this.#listener = listener;
    this.#coordinator.add(listener);
    await Promise.resolve();
  }

  async commit(
    generation: number,
    offsets: ReadonlyMap<number, number>,
    notes?: ReadonlyMap<number, string>,
  ): Promise<CommitOutcome> {
    await this.#answer();
    if (this.#listener === undefined || generation !== this.#coordinator.generation) return "stale";
    for (const [partition, offset] of offsets) {
      this.#coordinator.committed.set(partition, offset);
      this.#coordinator.notes.set(partition, notes?.get(partition) ?? "");
    }
    return "committed";
  }

  async committed(): Promise<Map<number, CommittedOffset>> {
    await this.#answer();
    const { committed, notes } = this.#coordinator;
    return new Map(
      [...committed].map(([partition, offset]) => [partition, { offset, note: notes.get(partition) ?? "" }]),
    );
  }

  async leave(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener !== undefined) this.#coordinator.remove(listener);
    await Promise.resolve();
  }

  async #answer(): Promise<void> {
    await Promise.resolve();
    if (this.#coordinator.unavailable) throw new KafkaUnavailableError(["memory"], "answer");
  }
}
