import { setTimeout as pause } from "node:timers/promises";
import { Cluster } from "ioredis";
import { bucketOf, type SeenProgress, type SeenState } from "../../oracle/index.js";

export interface StatesReaderOptions {
  /** `host:port` of each node. */
  readonly nodes: readonly string[];
  /** The same, in the same order, as the nodes name each other to their clients. */
  readonly announced: readonly string[];
  readonly fleet: string;
  readonly partitions: number;
  readonly users: readonly string[];
}

/** Between two looks at all users. */
const PAUSE_MS = 150;
/** A node that does not answer by then is not seen; the others are. */
const ANSWER_BOUND_MS = 1_000;
const BUCKETS = 256;

/** Looks into Redis itself, again and again: at some users' states and at every bucket's progress. */
export class StatesReader {
  /** Each user's states as they followed each other: what is seen twice in turn stands here once. */
  readonly states: SeenState[] = [];
  /** The same of each bucket's progress. */
  readonly progress: SeenProgress[] = [];
  readonly #options: StatesReaderOptions;
  readonly #redis: Cluster;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  /** What was seen last, by user and by bucket. */
  readonly #lastState = new Map<string, string>();
  readonly #lastProgress = new Map<number, number>();
  /** By partition: when a bucket of it was last seen to move on. */
  readonly #movedAtMs = new Map<number, number>();

  constructor(options: StatesReaderOptions) {
    this.#options = options;
    const nodes = options.nodes.map((node) => {
      const [host = "", port] = node.split(":");
      return { host, port: Number(port) };
    });
    this.#redis = new Cluster(nodes, {
      // It goes past whatever stands before the nodes.
      natMap: Object.fromEntries(nodes.map((node, index) => [options.announced[index] ?? "", node])),
      slotsRefreshInterval: 1_000,
      slotsRefreshTimeout: 1_000,
      redisOptions: { commandTimeout: ANSWER_BOUND_MS, connectTimeout: ANSWER_BOUND_MS },
    });
    // Nodes are made to fail here.
    this.#redis.on("error", () => undefined);
    this.#running = this.#lookUntilStopped();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#redis.disconnect();
  }

  /** Whether each partition was seen to move on after a moment, in ms of performance.now(). */
  hasMovedSince(momentMs: number): boolean {
    const partitions = Array.from({ length: this.#options.partitions }, (_, partition) => partition);
    return partitions.every((partition) => (this.#movedAtMs.get(partition) ?? -1) > momentMs);
  }

  /** Whether any partition was. */
  hasAnyMovedSince(momentMs: number): boolean {
    return Math.max(...this.#movedAtMs.values()) > momentMs;
  }

  /** Whether each user was seen to have a state. */
  get hasEveryUser(): boolean {
    const there = new Set(this.states.filter(({ order }) => order !== undefined).map(({ user }) => user));
    return this.#options.users.every((user) => there.has(user));
  }

  async #lookUntilStopped(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      // One after the other: what is seen later is never older.
      await Promise.all([
        ...this.#options.users.map((user) => this.#lookAtState(user)),
        this.#lookAtProgress(),
      ]);
      await pause(PAUSE_MS);
    }
  }

  async #lookAtState(user: string): Promise<void> {
    const key = `${this.#options.fleet}{${bucketOf(user)}}:user:${user}`;
    const answer = await this.#redis.hmget(key, "order", "source").catch(() => undefined);
    if (answer === undefined) return;
    const [order, source] = answer;
    const state = `${order ?? ""} ${source ?? ""}`;
    if (state === this.#lastState.get(user)) return;
    this.#lastState.set(user, state);
    const atMs = Date.now();
    this.states.push({
      user,
      atMs,
      ...(order == null ? {} : { order }),
      ...(source == null ? {} : { source }),
    });
  }

  async #lookAtProgress(): Promise<void> {
    const { fleet, partitions } = this.#options;
    const look = async (bucket: number): Promise<void> => {
      const text = await this.#redis.get(`${fleet}{${bucket}}:progress`).catch(() => undefined);
      if (text === undefined) return;
      const offset = Number(text ?? 0);
      const before = this.#lastProgress.get(bucket) ?? 0;
      if (offset === before) return;
      this.#lastProgress.set(bucket, offset);
      const partition = bucket % partitions;
      if (offset > before) this.#movedAtMs.set(partition, performance.now());
      this.progress.push({ partition, bucket, atMs: Date.now(), offset });
    };
    await Promise.all(Array.from({ length: BUCKETS }, (_, bucket) => look(bucket)));
  }
}
