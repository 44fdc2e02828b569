import type { AppendRecord, Appender } from "@lastknown/shared";
import { MemoryWorkerGroup } from "./group/memory/memory-worker-group.js";
import type { WorkerGroup } from "./group/worker-group.js";
import type { BucketUpdate, RebuildCall, StateStore } from "./states/state-store.js";
import type { FakeFleet, Replacements } from "./worker-on-fakes.js";
import type { Worker } from "./worker.js";

/**
 * Lets a worker crash at its n-th effect: half of that effect is made, then all calls fail, as they do for a
 * process that was killed. An odd n makes the effect whole and loses only the answer.
 */
export class CrashingServers {
  readonly #group: WorkerGroup;
  #callsLeft: number;
  readonly #losesOnlyAnswer: boolean;
  readonly replacements: Replacements;

  constructor({ log, states, coordinator }: FakeFleet, callsUntilCrash: number) {
    this.#callsLeft = callsUntilCrash;
    this.#losesOnlyAnswer = callsUntilCrash % 2 === 1;
    this.#group = new MemoryWorkerGroup(coordinator);
    this.replacements = {
      appender: this.#appender(log),
      states: this.#states(states),
      group: {
        join: (listener) => this.#group.join(listener),
        leave: () => this.#group.leave(),
        committed: () => this.#group.committed(),
        commit: (generation, offsets, notes) =>
          this.#effect(
            [...offsets],
            async (some) => await this.#group.commit(generation, new Map(some), notes),
          ),
      },
    };
  }

  /** The coordinator notices; nothing is drained or committed. */
  async crash(worker: Worker): Promise<void> {
    this.#callsLeft = 0;
    worker.failed(new Error("killed"));
    await worker.stop();
  }

  #appender(log: Appender): Appender {
    return {
      append: (topic, records) =>
        this.#effect(records, async (some: readonly AppendRecord[]) => await log.append(topic, some)),
      close: () => log.close(),
    };
  }

  #states(states: StateStore): StateStore {
    return {
      apply: (updates) =>
        this.#effect(updates, async (some: readonly BucketUpdate[]) => await states.apply(some)),
      rebuild: (calls) =>
        this.#effect(calls, async (some: readonly RebuildCall[]) => await states.rebuild(some)),
      progress: (buckets) => states.progress(buckets),
    };
  }

  async #effect<Part, Answer>(
    parts: readonly Part[],
    make: (parts: readonly Part[]) => Promise<Answer>,
  ): Promise<Answer> {
    if (this.#callsLeft <= 0) throw new Error("killed");
    this.#callsLeft--;
    if (this.#callsLeft > 0) return await make(parts);
    await make(this.#losesOnlyAnswer ? parts : parts.slice(0, parts.length >>> 1));
    throw new Error("killed");
  }
}
