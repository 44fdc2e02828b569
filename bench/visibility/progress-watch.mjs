import { setTimeout as sleep } from "node:timers/promises";
import { BUCKETS, RedisKeys } from "@lastknown/shared";
import { RedisNode, requestFor } from "./redis-node.mjs";

/**
 * Looks at the progress of buckets in Redis again and again, from beside the workers, and notes when it moved. A
 * record is visible when its bucket's progress is past it: one atomic call writes both.
 */
export class ProgressWatch {
  #nodes;
  #pauseMs;
  #sights = Array.from({ length: BUCKETS }, () => []);
  #looks = 0;
  #longestMs = 0;
  #startedMs = 0;
  #isStopped = false;
  #looking = Promise.resolve();

  /**
   * Each key is asked of the node that has it; nothing moves slots here.
   * @param {object} options
   * @param {string} options.fleet
   * @param {readonly string[]} options.addresses of the Redis nodes
   * @param {number} options.pauseMs between two looks
   * @param {number} [options.buckets] only the first so many: looking often at all would be a load of its own
   */
  static async open({ fleet, addresses, pauseMs, buckets: watched = BUCKETS }) {
    const keys = new RedisKeys(fleet);
    const all = Array.from({ length: watched }, (_, bucket) => ["GET", keys.progress(bucket)]);
    const nodes = await Promise.all(
      addresses.map(async (address) => {
        const node = await RedisNode.open(address);
        const answers = await node.ask(requestFor(all), all.length);
        const buckets = all.flatMap((_, bucket) => (answers[bucket]?.startsWith("-") ? [] : [bucket]));
        return { node, buckets, request: requestFor(buckets.map((bucket) => all[bucket])) };
      }),
    );
    return new ProgressWatch(nodes, pauseMs);
  }

  constructor(nodes, pauseMs) {
    this.#nodes = nodes;
    this.#pauseMs = pauseMs;
  }

  start() {
    this.#startedMs = performance.now();
    this.#looking = this.#lookUntilStopped();
    // Told by `stop`.
    this.#looking.catch(() => undefined);
  }

  /** The bucket's progress as last seen; 0 for one that is not watched. */
  progressOf(bucket) {
    return this.#sights[bucket].at(-1)?.progress ?? 0;
  }

  /** @returns the sights of each bucket, ascending, and how often was looked */
  async stop() {
    this.#isStopped = true;
    try {
      await this.#looking;
    } finally {
      for (const { node } of this.#nodes) node.close();
    }
    const everyMs = (performance.now() - this.#startedMs) / Math.max(1, this.#looks);
    return { sights: this.#sights, lookEveryMs: everyMs, longestLookMs: this.#longestMs };
  }

  async #lookUntilStopped() {
    let lookedMs = performance.now();
    while (!this.#isStopped) {
      await Promise.all(this.#nodes.map((each) => this.#look(each)));
      this.#looks++;
      await sleep(this.#pauseMs);
      this.#longestMs = Math.max(this.#longestMs, performance.now() - lookedMs);
      lookedMs = performance.now();
    }
  }

  async #look({ node, buckets, request }) {
    const answers = await node.ask(request, buckets.length);
    // After the answers: what they tell was visible by now, maybe earlier.
    const seenAtMs = Date.now();
    for (const [index, bucket] of buckets.entries()) {
      const progress = Number(answers[index] ?? 0);
      if (progress > this.progressOf(bucket)) this.#sights[bucket].push({ seenAtMs, progress });
    }
  }
}
