import { setTimeout as sleep } from "node:timers/promises";
import {
  explainLag,
  LagWatch,
  WaitingSamples,
  withDeadline,
  type ExplainedLag,
  type FleetNames,
  type GroupMembership,
  type GroupOffsets,
  type LagReasonSource,
  type Logger,
  type LogReader,
} from "@lastknown/shared";
import type { LogPositions } from "../freshness/log-tracker.js";

export interface LagReasonsOptions {
  readonly names: FleetNames;
  /** Undefined where they were last seen too long ago. */
  readonly positions: () => LogPositions | undefined;
  readonly groupOffsets: Pick<GroupOffsets, "membership">;
  readonly reader: Pick<LogReader, "read">;
  readonly logger: Logger;
  readonly lookIntervalMs?: number;
  /** In ms; never goes back. */
  readonly monotonicMs?: () => number;
  readonly nowMs?: () => number;
}

const LOOK_INTERVAL_MS = 1000;
/** For the group, which each look asks while something waits. */
const ASK_DEADLINE_MS = 2000;
/** What was explained longer ago says nothing of now. */
const EXPLAINED_AGE_MS_MAX = 5000;
/** Kafka away: a look ends by its own deadlines, and nobody waits for it. */
const STOP_MS_MAX = 2000;

/**
 * Finds out beside the answers why the workers lag: looks again and again, and tells what it has found to whoever
 * asks, at once. It costs Kafka one question and a few bounded reads a second while something waits, and nothing while
 * nothing does.
 */
export class LagReasons implements LagReasonSource {
  readonly #options: LagReasonsOptions;
  readonly #monotonicMs: () => number;
  readonly #watch = new LagWatch();
  readonly #samples: WaitingSamples;
  readonly #stopping = new AbortController();
  #explained: ReadonlyMap<number, ExplainedLag> = new Map();
  #explainedAtMs = -Infinity;
  #ended: Promise<void> | undefined;

  constructor(options: LagReasonsOptions) {
    this.#options = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    const { reader, names } = options;
    this.#samples = new WaitingSamples({ reader, topic: names.eventsTopic, readsMax: 1 });
  }

  get lagReasons(): ReadonlyMap<number, ExplainedLag> | undefined {
    const ageMs = this.#monotonicMs() - this.#explainedAtMs;
    return ageMs <= EXPLAINED_AGE_MS_MAX ? this.#explained : undefined;
  }

  start(): void {
    this.#ended ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await withDeadline(STOP_MS_MAX, Promise.resolve(this.#ended), () => undefined);
  }

  /** One look. Changes nothing where the positions are not known. */
  async look(): Promise<void> {
    const positions = this.#options.positions();
    if (positions?.commits === undefined) return;
    const { events: ends, commits } = positions;
    const atMs = this.#monotonicMs();
    const nowMs = (this.#options.nowMs ?? Date.now)();
    const doWait = [...ends].some(([partition, { end, start }]) => {
      return end > Math.max(start, commits.get(partition)?.offset ?? start);
    });
    const group = doWait ? await this.#membership() : undefined;
    this.#watch.look({ atMs, nowMs, ends, commits, group });
    await this.#samples.refresh(this.#watch, atMs);
    this.#explained = new Map(
      this.#watch.partitions.flatMap((partition) => {
        const facts = this.#watch.factsOf(partition, this.#samples.of(partition));
        // Whoever reads the metrics or a page is not told whose records they are.
        return facts === undefined ? [] : [[partition, explainLag(facts)] as const];
      }),
    );
    this.#explainedAtMs = this.#monotonicMs();
  }

  async #membership(): Promise<GroupMembership | undefined> {
    const { groupOffsets, names } = this.#options;
    const asked = groupOffsets.membership(names.workerGroup, names.eventsTopic);
    // Without it less can be told, and the lag itself tells that Kafka is away.
    return await withDeadline(
      ASK_DEADLINE_MS,
      asked.catch(() => undefined),
      () => undefined,
    );
  }

  async #run(): Promise<void> {
    const { lookIntervalMs = LOOK_INTERVAL_MS, logger } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.look();
      } catch (error) {
        if (!signal.aborted) logger.warn("the lag cannot be explained", { error });
      }
      await sleep(lookIntervalMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
