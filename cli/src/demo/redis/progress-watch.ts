import { setTimeout as sleep } from "node:timers/promises";
import { RedisKeys, type connectRedis } from "@lastknown/shared";
import type { ProgressSight, ProgressSights } from "../visibility.js";

type RedisCluster = ReturnType<typeof connectRedis>;

/** Pause between two looks, for each so many buckets: looking must not become a load of its own. */
const PAUSE_MS = 10;
const BUCKETS_PER_PAUSE = 64;

/** What was seen, and how often was looked. */
export interface Watched {
  readonly sights: ProgressSights;
  /** Mean time between two looks: what is measured can be too long by as much. */
  readonly lookEveryMs: number;
}

/**
 * Looks at the progress of buckets in Redis again and again, from beside the workers, and notes when it moved.
 * Begin before the first record is sent; `stop` gives what was seen.
 */
export class ProgressWatch {
  readonly #redis: RedisCluster;
  readonly #keyOf: ReadonlyMap<number, string>;
  readonly #pauseMs: number;
  readonly #sights = new Map<number, ProgressSight[]>();
  #looking: Promise<void> = Promise.resolve();
  #looks = 0;
  #startedMs = 0;
  #stopped = false;

  constructor(redis: RedisCluster, fleet: string, buckets: ReadonlySet<number>) {
    const keys = new RedisKeys(fleet);
    this.#redis = redis;
    this.#keyOf = new Map([...buckets].map((bucket) => [bucket, keys.progress(bucket)]));
    this.#pauseMs = PAUSE_MS * Math.max(1, Math.ceil(buckets.size / BUCKETS_PER_PAUSE));
  }

  start(): void {
    this.#startedMs = performance.now();
    this.#looking = this.#lookUntilStopped();
    // Told by `stop`; a watch that is given up ends with its connection.
    this.#looking.catch(() => undefined);
  }

  /** The bucket's progress as last seen. */
  progressOf(bucket: number): number {
    return this.#sights.get(bucket)?.at(-1)?.progress ?? 0;
  }

  async stop(): Promise<Watched> {
    this.#stopped = true;
    await this.#looking;
    const lookEveryMs = (performance.now() - this.#startedMs) / Math.max(1, this.#looks);
    return { sights: this.#sights, lookEveryMs };
  }

  async #lookUntilStopped(): Promise<void> {
    while (!this.#stopped) {
      await this.#look();
      await sleep(this.#pauseMs);
    }
  }

  async #look(): Promise<void> {
    const answers = await Promise.all(
      [...this.#keyOf].map(async ([bucket, key]) => ({ bucket, text: await this.#redis.get(key) })),
    );
    this.#looks++;
    // After the answers: what they tell was visible by now.
    const seenAtMs = performance.timeOrigin + performance.now();
    for (const { bucket, text } of answers) {
      const progress = Number(text ?? 0);
      if (progress > this.progressOf(bucket)) this.#note(bucket, { seenAtMs, progress });
    }
  }

  #note(bucket: number, sight: ProgressSight): void {
    const sights = this.#sights.get(bucket);
    if (sights === undefined) this.#sights.set(bucket, [sight]);
    else sights.push(sight);
  }
}
