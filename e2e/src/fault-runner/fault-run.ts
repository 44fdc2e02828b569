import type { RunningStack } from "@lastknown/stack";
import { KafkaTools } from "../harness/kafka-tools.js";
import { TestFleet, type QueryService } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { partitionOf } from "../oracle/index.js";
import { Brokers } from "./brokers.js";
import type { Scenario } from "./fault.js";
import { Load } from "./load.js";
import { Random, seedOf } from "./random.js";
import { AnswersReader } from "./answers-reader.js";
import { RedisNodes } from "./redis/redis-nodes.js";
import { StatesReader } from "./redis/states-reader.js";
import { Workers } from "./workers.js";

export const PARTITIONS = 8;
const USERS = 300;
/** Rows per second: much for two cores that serve three brokers, six Redis nodes and four workers besides. */
const RATE = 400;
const WATCHED_USERS_PER_PARTITION = 10;
const FLOW_BOUND_MS = 120_000;

/** A dead worker's partitions are to be given away soon, as these runs are many. */
const WORKER_ENVIRONMENT = {
  LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: "6000",
  LASTKNOWN_WORKER_HEARTBEAT_INTERVAL_MS: "1000",
};

export interface FaultRunOptions {
  readonly stack: RunningStack;
  readonly scenario: Scenario;
  readonly seed: number;
  /** The load has rows for so long. */
  readonly secondsMax: number;
  readonly say: (line: string) => void;
}

/** One fleet under load, with readers asking all the time, while a scenario's faults are made. */
export class FaultRun {
  readonly stack: RunningStack;
  readonly brokers: Brokers;
  readonly redis: RedisNodes;
  readonly fleet: TestFleet;
  readonly workers: Workers;
  readonly query: QueryService;
  readonly load: Load;
  readonly answers: AnswersReader;
  readonly states: StatesReader;
  readonly say: (line: string) => void;
  readonly #seed: number;

  private constructor(parts: FaultRunParts) {
    this.stack = parts.stack;
    this.brokers = new Brokers(parts.stack);
    this.redis = new RedisNodes(parts.stack);
    this.fleet = parts.fleet;
    this.workers = parts.workers;
    this.query = parts.query;
    this.load = parts.load;
    this.answers = parts.answers;
    this.states = parts.states;
    this.say = parts.say;
    this.#seed = parts.seed;
  }

  /** Starts everything; resolves when records flow through all partitions. */
  static async start(options: FaultRunOptions): Promise<FaultRun> {
    const { stack, scenario, seed, secondsMax, say } = options;
    const fleet = await TestFleet.create({ prefix: `faults-${scenario.name}`, partitions: PARTITIONS });
    try {
      // The oracle compares moments, and the brokers' clock is the one that no fault moves.
      const tools = new KafkaTools(stack.addresses.kafkaBrokers.join(","));
      const stamped = { "message.timestamp.type": "LogAppendTime" };
      await tools.configureTopic(`${fleet.name}.audit`, stamped);
      await tools.configureTopic(`${fleet.name}.dlq`, stamped);
      const environment = { ...WORKER_ENVIRONMENT, ...scenario.workerEnvironment };
      const workers = new Workers({ fleet, partitions: PARTITIONS, environment });
      const query = await fleet.startQuery();
      await Promise.all(Array.from({ length: scenario.workers ?? 3 }, () => workers.start()));
      await workers.settled();
      const load = await Load.start(fleet, { users: USERS, rate: RATE, secondsMax, seed });
      const watched = watchedOf(load.earlyUsers);
      const answers = new AnswersReader({
        baseUrl: query.baseUrl,
        users: watched,
        seed: seedOf(seed, "answers"),
      });
      const nodes = stack.addresses.redisNodes.join(",");
      const states = new StatesReader({ nodes, fleet: fleet.name, partitions: PARTITIONS, users: watched });
      const run = new FaultRun({ stack, fleet, workers, query, load, answers, states, seed, say });
      await run.flows();
      return run;
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  get group(): string {
    return `${this.fleet.name}.worker`;
  }

  get eventsTopic(): string {
    return `${this.fleet.name}.events`;
  }

  /** Choices of one fault: the same for the same seed, whatever other faults are made. */
  randomOf(fault: string): Random {
    return new Random(seedOf(this.#seed, fault));
  }

  /** Resolves when every partition was seen to move on after now; gives how long that took. */
  async flows(boundMs: number = FLOW_BOUND_MS): Promise<number> {
    const fromMs = performance.now();
    const look = async (): Promise<true | undefined> =>
      await Promise.resolve(this.states.hasMovedSince(fromMs) ? true : undefined);
    await waitUntil(look, { what: "records to flow through every partition", boundMs });
    return performance.now() - fromMs;
  }

  /** Ends readers and processes. What was seen stays. */
  async close(): Promise<void> {
    await Promise.all([this.answers.stop(), this.states.stop()]);
    await this.load.abandon();
    await this.fleet.close();
  }
}

interface FaultRunParts extends Omit<FaultRunOptions, "secondsMax" | "scenario"> {
  readonly fleet: TestFleet;
  readonly workers: Workers;
  readonly query: QueryService;
  readonly load: Load;
  readonly answers: AnswersReader;
  readonly states: StatesReader;
}

/** As many of each partition. */
function watchedOf(users: readonly string[]): string[] {
  const watched = new Map<number, string[]>();
  for (const user of users) {
    const partition = partitionOf(user, PARTITIONS);
    const own = watched.get(partition) ?? [];
    if (own.length < WATCHED_USERS_PER_PARTITION) watched.set(partition, [...own, user]);
  }
  return [...watched.values()].flat();
}
