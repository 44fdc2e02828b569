import { setTimeout as pause } from "node:timers/promises";
import { AnswersReader } from "../fault-runner/answers-reader.js";
import { FleetLog } from "../fault-runner/fleet-log.js";
import { judgeMoments, type MomentsJudgement } from "../fault-runner/judge-moments.js";
import { Load } from "../fault-runner/load.js";
import { HEALED_WITHIN_MS } from "../fault-runner/recovery.js";
import { StatesReader } from "../fault-runner/redis/states-reader.js";
import type { Span } from "../fault-runner/standstill.js";
import { stampByBrokers } from "../fault-runner/stamp-by-brokers.js";
import { watchedUsers } from "../fault-runner/watched-users.js";
import { requiredEnvironment, type QueryService, type TestFleet } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { readCommits, readFleet, type Commit, type FleetEvidence, type SeenAnswer } from "../oracle/index.js";

/** What was seen while one worker worked. */
export interface Watch extends Span {
  /** Of each query service that was asked, in their order. */
  readonly answers: readonly (readonly SeenAnswer[])[];
}

/** What a fleet's stores hold in the end, and all that was ever committed. */
interface Stores {
  readonly evidence: FleetEvidence;
  readonly commits: readonly Commit[];
}

const PARTITIONS = 4;
/** The file has rows for so long, though a busy machine takes its time. */
const LOAD = { users: 60, rate: 200, secondsMax: 150, seed: 31 };
const WATCHED_MS = 4_000;
/** About users who are known; half of them from the view. */
const ANSWERS_MIN = 60;
const WATCH_BOUND_MS = 60_000;

/**
 * A fleet under load, of which the readers of the fault runner look at every moment, while one worker after the other
 * does the work and nothing is broken. What was seen of each is judged by the fault runner's judges by itself.
 */
export class WatchedFleet {
  readonly #fleet: TestFleet;
  readonly #load: Load;
  readonly #users: readonly string[];
  readonly #states: StatesReader;
  readonly #log = new FleetLog();

  private constructor(fleet: TestFleet, load: Load) {
    this.#fleet = fleet;
    this.#load = load;
    this.#users = watchedUsers(load.earlyUsers, PARTITIONS);
    const nodes = requiredEnvironment("LASTKNOWN_REDIS_NODES").split(",");
    const own = { fleet: fleet.name, partitions: PARTITIONS, users: this.#users };
    this.#states = new StatesReader({ nodes, announced: nodes, ...own });
  }

  /** The fleet must not have had a worker. */
  static async start(fleet: TestFleet): Promise<WatchedFleet> {
    await stampByBrokers(requiredEnvironment("LASTKNOWN_KAFKA_BROKERS"), fleet.name);
    return new WatchedFleet(fleet, await Load.start(fleet, LOAD));
  }

  /**
   * Lets one worker do the work for some seconds.
   *
   * @param bin the worker's command
   * @param queries are asked meanwhile
   */
  async watch(bin: string, queries: readonly QueryService[]): Promise<Watch> {
    const worker = await this.#fleet.startWorker({}, bin);
    this.#log.follow(worker);
    await this.#flows();
    const fromMs = Date.now();
    const users = this.#users;
    const readers = queries.map(({ baseUrl }) => new AnswersReader({ baseUrl, users, seed: LOAD.seed }));
    for (const reader of readers) reader.begin();
    const isAnswered = (): true | undefined => readers.every(hasEnough) || undefined;
    try {
      await pause(WATCHED_MS);
      await waitUntil(isAnswered, { what: `${ANSWERS_MIN} answers of each`, boundMs: WATCH_BOUND_MS });
    } finally {
      await Promise.all(readers.map((reader) => reader.stop()));
    }
    await worker.stop();
    return { fromMs, toMs: Date.now(), answers: readers.map(({ seen }) => seen) };
  }

  /** Ends the load. What it left undone is done by another worker, so that all that was seen can be judged. */
  async end(bin: string): Promise<Stores> {
    await this.#load.stop();
    await this.#fleet.startWorker({}, bin);
    await this.#fleet.caughtUp();
    const brokers = requiredEnvironment("LASTKNOWN_KAFKA_BROKERS");
    const evidence = await readFleet({
      fleet: this.#fleet.name,
      brokers,
      redisNodes: requiredEnvironment("LASTKNOWN_REDIS_NODES"),
      registryUrl: requiredEnvironment("LASTKNOWN_REGISTRY_URL"),
    });
    const group = `${this.#fleet.name}.worker`;
    return { evidence, commits: await readCommits({ brokers, group, topic: evidence.eventsTopic }) };
  }

  /** One judgement for each query service that was asked. */
  judge({ answers, ...span }: Watch, { evidence, commits }: Stores): MomentsJudgement[] {
    const seen = {
      states: within(span, this.#states.states),
      progress: within(span, this.#states.progress),
      commits: within(span, commits),
      healings: this.#log.healings,
      evidence,
    };
    const bounds = { healedWithinMs: () => HEALED_WITHIN_MS };
    return answers.map((own) => judgeMoments({ ...seen, answers: own }, bounds));
  }

  async close(): Promise<void> {
    await this.#states.stop();
    await this.#load.abandon();
  }

  async #flows(): Promise<void> {
    const fromMs = performance.now();
    const look = (): true | undefined => this.#states.hasMovedSince(fromMs) || undefined;
    await waitUntil(look, { what: "records to flow through every partition", boundMs: WATCH_BOUND_MS });
  }
}

function hasEnough({ seen }: AnswersReader): boolean {
  return seen.filter(({ status }) => status === 200).length >= ANSWERS_MIN;
}

function within<Seen extends { readonly atMs: number }>(
  { fromMs, toMs }: Span,
  seen: readonly Seen[],
): Seen[] {
  return seen.filter(({ atMs }) => fromMs <= atMs && atMs <= toMs);
}
