import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judgeFleet, type FleetJudgement, type JudgeFleetOptions } from "../oracle/judge-fleet.js";
import type { OracleLogin } from "../oracle/servers/oracle-login.js";
import type { Arrival } from "../oracle/event/arrival.js";
import { freePorts } from "./free-ports.js";
import { runLastknownWell, Service, startLastknown, type RunResult } from "./lastknown.js";

/** What `lag --json` says, as far as the tests ask. */
export interface Lag {
  readonly lag: number;
  readonly lagSeconds: number | null;
  readonly viewLag: number | null;
  readonly partitions: readonly {
    readonly partition: number;
    readonly committed: number | null;
    readonly end: number;
    readonly lag: number;
    readonly reason: LagReason;
    readonly remarks: readonly LagReason[];
  }[];
}

/** Why records wait: `kind`, and what else is said of it. */
export interface LagReason {
  readonly kind: string;
  readonly [field: string]: unknown;
}

export interface TestFleetOptions {
  /** Begins the fleet's name; what follows is random, so that no two tests share anything. */
  readonly prefix: string;
  /** The whole name, where the servers' users have rights for one fleet alone. */
  readonly name?: string;
  /** 4 by default. */
  readonly partitions?: number;
  /** More settings, e.g. a fault switched on: `LASTKNOWN_TEST_…`. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Still more for each command, by its first word: the login of its own, say. */
  readonly environmentFor?: (command: string) => NodeJS.ProcessEnv;
  /** What the oracle comes with, where the servers take logins only. */
  readonly oracleLogin?: OracleLogin;
  /** Another command than the built one. */
  readonly bin?: string;
}

/** Else whatever the environment names would be asked. */
const NOBODYS_PORT = "1";
const LAG_BOUND_MS = 240_000;
const LAG_EVERY_MS = 250;

/** A query service with the address of its answers. */
export interface QueryService extends Service {
  readonly baseUrl: string;
}

/**
 * A fleet of a test's own on the real servers that the environment names: the product's processes, each with
 * ports of its own, started by the command as a person would, and the oracle to judge them.
 */
export class TestFleet {
  readonly name: string;
  /** A folder of this fleet alone, removed at the end. */
  readonly folder: string;
  readonly #options: TestFleetOptions;
  readonly #services: Service[] = [];
  #isClosed = false;

  private constructor(options: TestFleetOptions, folder: string) {
    this.#options = options;
    this.name = options.name ?? `${options.prefix}-${randomBytes(4).toString("hex")}`;
    this.folder = folder;
  }

  /** All services that were ever started, in the order of their start; many may have ended. */
  get services(): readonly Service[] {
    return this.#services;
  }

  /** Makes the topics and the fleet record. */
  static async create(options: TestFleetOptions): Promise<TestFleet> {
    const fleet = new TestFleet(options, await mkdtemp(join(tmpdir(), "lastknown-e2e-")));
    try {
      await fleet.run(["topics"]);
      return fleet;
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  /** Runs a command on this fleet that has to end well. */
  async run(args: readonly string[], more: { input?: string | Buffer } = {}): Promise<RunResult> {
    return runLastknownWell(args, { ...this.#command(args[0]), ...more });
  }

  /** Replays a file as fast as it goes. */
  async replay(file: string, args: readonly string[] = []): Promise<RunResult> {
    return this.run(["replay", file, "--speed", "max", ...args]);
  }

  /**
   * Starts any command and leaves it running: a replay that is to be killed, say.
   *
   * @param bin another command than the fleet's own
   */
  start(args: readonly string[], bin?: string): ReturnType<typeof startLastknown> {
    return startLastknown(args, { ...this.#command(args[0]), ...(bin === undefined ? {} : { bin }) });
  }

  /**
   * Starts a worker and waits until it is ready.
   *
   * @param bin another command than the fleet's own
   */
  async startWorker(environment: NodeJS.ProcessEnv = {}, bin?: string): Promise<Service> {
    const [operationsPort = 0] = await freePorts(1);
    return this.#startService("consume", operationsPort, environment, bin);
  }

  /**
   * Starts a query service and waits until it is ready. The same folder goes on with the view that is in it.
   *
   * @param bin another command than the fleet's own
   */
  async startQuery(
    viewFolder = "view",
    environment: NodeJS.ProcessEnv = {},
    bin?: string,
  ): Promise<QueryService> {
    const [operationsPort = 0, queryPort = 0] = await freePorts(2);
    const own = {
      LASTKNOWN_QUERY_PORT: String(queryPort),
      LASTKNOWN_DATA_DIRECTORY: join(this.folder, viewFolder),
    };
    const service = await this.#startService("query", operationsPort, { ...own, ...environment }, bin);
    return Object.assign(service, { baseUrl: `http://127.0.0.1:${queryPort}` });
  }

  /**
   * Watches the lag until `reached` says so. The view's lag is known where a query service is named.
   *
   * @example await fleet.untilLag(({ lag }) => lag === 0);
   */
  async untilLag(
    reached: (lag: Lag) => boolean,
    { query, boundMs = LAG_BOUND_MS }: { query?: QueryService; boundMs?: number } = {},
  ): Promise<Lag> {
    const port = query === undefined ? NOBODYS_PORT : new URL(query.baseUrl).port;
    const args = ["lag", "--json", "--watch", "--interval-ms", String(LAG_EVERY_MS)];
    const watch = startLastknown(args, this.#command(args[0], { LASTKNOWN_QUERY_PORT: port }));
    try {
      return await watch.line((line) => {
        const lag = JSON.parse(line) as Lag;
        return reached(lag) ? lag : undefined;
      }, boundMs);
    } finally {
      await watch.kill("SIGKILL");
    }
  }

  /** Asks once, as a person does. */
  async lag(args: readonly string[] = []): Promise<Lag> {
    const { stdout } = await this.run(["lag", "--json", "--query-port", NOBODYS_PORT, ...args]);
    return JSON.parse(stdout) as Lag;
  }

  /** Resolves when the workers have committed everything, and the views of these services hold all of it. */
  async caughtUp(...queries: readonly QueryService[]): Promise<void> {
    await this.untilLag(({ lag }) => lag === 0);
    for (const query of queries) await this.untilLag(({ viewLag }) => viewLag === 0, { query });
  }

  /** Judges everything by the oracle. Only what has caught up is judged fairly. */
  async judge(
    options: Pick<JudgeFleetOptions, "doublesAllowed"> &
      Partial<JudgeFleetOptions> & {
        readonly expected?: readonly Arrival[];
      },
  ): Promise<FleetJudgement> {
    return judgeFleet({
      fleet: this.name,
      brokers: this.#server("LASTKNOWN_KAFKA_BROKERS"),
      redisNodes: this.#server("LASTKNOWN_REDIS_NODES"),
      registryUrl: this.#server("LASTKNOWN_REGISTRY_URL"),
      login: this.#options.oracleLogin,
      ...options,
    });
  }

  /** Kills every process that was started as a service, where nobody can wait for its orderly end. */
  async killAll(): Promise<void> {
    await Promise.all(this.#services.map(({ process: child }) => child.kill("SIGKILL")));
  }

  /** Stops every process that was started as a service, and removes the folder. Call it in `afterAll`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#services.map((service) => service.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }

  async #startService(
    command: "consume" | "query",
    operationsPort: number,
    environment: NodeJS.ProcessEnv,
    bin?: string,
  ): Promise<Service> {
    // Whoever was interrupted may still be about to: it would make the folder anew.
    if (this.#isClosed) throw new Error(`fleet ${this.name} is closed`);
    const options = this.#command(command, {
      LASTKNOWN_OPERATIONS_PORT: String(operationsPort),
      ...environment,
    });
    const child = startLastknown([command], { ...options, ...(bin === undefined ? {} : { bin }) });
    const service = new Service(child, operationsPort);
    this.#services.push(service);
    await service.ready();
    return service;
  }

  /** Servers of the fleet's own, or those that all tests share. */
  #server(name: string): string {
    return this.#options.environment?.[name] ?? requiredEnvironment(name);
  }

  #command(name = "", more: NodeJS.ProcessEnv = {}): { environment: NodeJS.ProcessEnv; bin?: string } {
    const environment = {
      ...process.env,
      LASTKNOWN_FLEET: this.name,
      LASTKNOWN_PARTITIONS: String(this.#options.partitions ?? 4),
      ...this.#options.environment,
      ...this.#options.environmentFor?.(name),
      ...more,
    };
    return { environment, ...(this.#options.bin === undefined ? {} : { bin: this.#options.bin }) };
  }
}

export function requiredEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: these tests need the real servers`);
  return value;
}
