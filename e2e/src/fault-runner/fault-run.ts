import { unlessAborted } from "@lastknown/shared";
import type { RunningStack } from "@lastknown/stack";
import { type ServerProxies, SmallDisk } from "../fault-tools/index.js";
import { TestFleet, type QueryService } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { BadRecords } from "./bad-records.js";
import { Brokers } from "./brokers.js";
import { WORKERS, type Scenario } from "./fault.js";
import { WORKER_SESSION_MS } from "./faults/time-outs.js";
import { Load } from "./load.js";
import { Random, seedOf } from "./random.js";
import { AnswersReader } from "./answers-reader.js";
import { announcedNodes, RedisNodes } from "./redis/redis-nodes.js";
import { StatesReader } from "./redis/states-reader.js";
import { stampByBrokers } from "./stamp-by-brokers.js";
import { watchedUsers } from "./watched-users.js";
import { Workers } from "./workers.js";

export const PARTITIONS = 8;
const USERS = 300;
/** Much for two cores that serve three brokers, six Redis nodes and four workers besides. */
const ROWS_PER_SECOND = 400;
const FLOW_BOUND_MS = 120_000;

const WORKER_ENVIRONMENT = {
  LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: String(WORKER_SESSION_MS),
  LASTKNOWN_WORKER_HEARTBEAT_INTERVAL_MS: "1000",
};

export interface FaultRunOptions {
  readonly stack: RunningStack;
  /** Before the stack's servers, where the scenario wants them. */
  readonly proxies?: ServerProxies;
  readonly scenario: Scenario;
  readonly seed: number;
  /** The load has rows for so long. */
  readonly secondsMax: number;
  readonly say: (line: string) => void;
  /** Ends the start at once, and whatever was started for it. */
  readonly signal: AbortSignal;
}

/** What a run is made of. */
interface FaultRunParts extends Pick<FaultRunOptions, "stack" | "scenario" | "seed" | "say"> {
  readonly brokers: Brokers;
  readonly redis: RedisNodes;
  readonly fleet: TestFleet;
  readonly workers: Workers;
  readonly query: QueryService;
  readonly load: Load;
  readonly badRecords: BadRecords;
  readonly answers: AnswersReader;
  readonly states: StatesReader;
}

/** What only some scenarios have. */
interface RareParts {
  readonly proxies: ServerProxies | undefined;
  viewDisk: SmallDisk | undefined;
}

/** Gives a class the parts as its fields, so that each is named in one place. */
const WithParts = class {
  constructor(parts: FaultRunParts) {
    Object.assign(this, parts);
  }
} as new (parts: FaultRunParts) => FaultRunParts;

/** One fleet under load, with readers asking all the time, while a scenario's faults are made. */
export class FaultRun extends WithParts {
  readonly #rare: RareParts;
  /** What faults have left to be done once the processes have ended. */
  readonly #endings: (() => Promise<void>)[] = [];
  #brokeAtMs = Date.now();

  private constructor(parts: FaultRunParts, rare: RareParts) {
    super(parts);
    this.#rare = rare;
  }

  /** Starts everything; resolves when records flow through all partitions, and questions are asked. */
  static async start(options: FaultRunOptions): Promise<FaultRun> {
    const { stack, proxies, scenario, signal } = options;
    const fleet = await TestFleet.create({
      prefix: `faults-${scenario.name.replaceAll(" ", "-")}`,
      partitions: PARTITIONS,
      ...(proxies === undefined ? {} : { environment: stack.proxiedEnvironment }),
    });
    const rare: RareParts = { proxies, viewDisk: undefined };
    let run: FaultRun | undefined;
    try {
      run = await unlessAborted(signal, FaultRun.#startIn(fleet, rare, options));
      await unlessAborted(signal, run.#begin());
      return run;
    } catch (error) {
      await run?.abandon();
      await fleet.killAll();
      await fleet.close();
      await rare.viewDisk?.unmount();
      throw error;
    }
  }

  static async #startIn(fleet: TestFleet, rare: RareParts, options: FaultRunOptions): Promise<FaultRun> {
    const { stack, scenario, seed, secondsMax, say } = options;
    const { rowsPerSecond = ROWS_PER_SECOND } = scenario;
    await stampByBrokers(stack.addresses.kafkaBrokers.join(","), fleet.name);
    const environment = { ...WORKER_ENVIRONMENT, ...scenario.workerEnvironment };
    const workers = new Workers({ fleet, partitions: PARTITIONS, environment });
    if (scenario.viewDiskBytes !== undefined)
      rare.viewDisk = await SmallDisk.mount({ bytes: scenario.viewDiskBytes });
    const query = await fleet.startQuery(
      "view",
      rare.viewDisk === undefined ? {} : { LASTKNOWN_DATA_DIRECTORY: rare.viewDisk.folder },
    );
    await Promise.all(Array.from({ length: scenario.workers ?? WORKERS }, () => workers.start()));
    await workers.settled();
    const load = await Load.start(fleet, { users: USERS, rate: rowsPerSecond, secondsMax, seed });
    const brokers = new Brokers(stack);
    const redis = new RedisNodes(stack);
    const readers = startReaders(options, { fleet, query, load });
    const badRecords = new BadRecords({ topic: eventsTopicOf(fleet), partitions: PARTITIONS });
    const written = { load, badRecords };
    const parts = {
      stack,
      scenario,
      seed,
      say,
      brokers,
      redis,
      fleet,
      workers,
      query,
      ...written,
      ...readers,
    };
    return new FaultRun(parts, rare);
  }

  async #begin(): Promise<void> {
    await this.flows();
    const look = (): true | undefined => this.states.hasEveryUser || undefined;
    await waitUntil(look, { what: "a state of every watched user", boundMs: FLOW_BOUND_MS });
    this.answers.begin();
  }

  get group(): string {
    return `${this.fleet.name}.worker`;
  }

  get eventsTopic(): string {
    return eventsTopicOf(this.fleet);
  }

  get auditTopic(): string {
    return `${this.fleet.name}.audit`;
  }

  /** @throws where the scenario has none */
  get proxies(): ServerProxies {
    const { proxies } = this.#rare;
    if (proxies === undefined) throw new Error("there is no proxy before the servers of this scenario");
    return proxies;
  }

  /** @throws where the scenario has none */
  get viewDisk(): SmallDisk {
    const { viewDisk } = this.#rare;
    if (viewDisk === undefined) throw new Error("the view of this scenario has no disk of its own");
    return viewDisk;
  }

  /** Begins the time that a fault is measured by: at its beginning, or later where something has to be prepared. */
  breaksNow(): void {
    this.#brokeAtMs = Date.now();
  }

  /** In ms since 1970. */
  get brokeAtMs(): number {
    return this.#brokeAtMs;
  }

  /** Has something done after all faults and the judging, when the product's processes have ended. */
  atEnd(ending: () => Promise<void>): void {
    this.#endings.push(ending);
  }

  /** Choices of one fault: the same for the same seed, whatever other faults are made. */
  randomOf(fault: string): Random {
    return new Random(seedOf(this.seed, fault));
  }

  /** Resolves when every partition was seen to move on after now; gives how long that took. */
  async flows(boundMs: number = FLOW_BOUND_MS): Promise<number> {
    const fromMs = performance.now();
    const look = (): true | undefined => (this.states.hasMovedSince(fromMs) ? true : undefined);
    await waitUntil(look, { what: "records to flow through every partition", boundMs });
    return performance.now() - fromMs;
  }

  /** As close, but nobody is asked to end first: of an interrupted run nothing is judged. */
  async abandon(): Promise<void> {
    await this.fleet.killAll();
    await this.close();
  }

  /** Ends readers and processes. What was seen stays. */
  async close(): Promise<void> {
    await Promise.all([this.answers.stop(), this.states.stop()]);
    await this.load.abandon();
    await this.badRecords.stop();
    await this.fleet.close();
    for (const ending of this.#endings) await ending();
    await this.#rare.viewDisk?.unmount();
  }
}

function eventsTopicOf({ name }: TestFleet): string {
  return `${name}.events`;
}

/** Those who ask all the time, from the first fault to the last. */
function startReaders(
  { stack, seed }: FaultRunOptions,
  { fleet, query: { baseUrl }, load }: Pick<FaultRunParts, "fleet" | "query" | "load">,
): Pick<FaultRunParts, "answers" | "states"> {
  const watched = watchedUsers(load.earlyUsers, PARTITIONS);
  return {
    answers: new AnswersReader({ baseUrl, users: watched, seed: seedOf(seed, "answers") }),
    states: new StatesReader({
      nodes: stack.addresses.redisNodes,
      announced: announcedNodes(stack),
      fleet: fleet.name,
      partitions: PARTITIONS,
      users: watched,
    }),
  };
}
