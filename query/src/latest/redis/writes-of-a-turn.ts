import type { Cluster } from "ioredis";

/** What of a cluster's client is needed to hold back what it writes. */
export type NodesOfRedis = Pick<Cluster, "nodes">;

/**
 * Sends what is asked within one turn of the event loop in one write per node: a write costs several times as much as
 * what goes with it. Questions of many connections come in one turn where there is much to do; where there is little,
 * nothing waits longer.
 */
export class WritesOfATurn {
  readonly #redis: NodesOfRedis;
  #isHolding = false;

  constructor(redis: NodesOfRedis) {
    this.#redis = redis;
  }

  /** Holds back what is written from now on, until all that came in with this turn has been taken up. */
  hold(): void {
    if (this.#isHolding) return;
    this.#isHolding = true;
    // A node that is not connected has no stream yet, and its commands wait for one.
    const streams = this.#redis.nodes("master").flatMap(({ stream }) => stream ?? []);
    for (const stream of streams) stream.cork();
    setImmediate(() => {
      this.#isHolding = false;
      for (const stream of streams) stream.uncork();
    });
  }
}
