import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { freePorts } from "./free-ports.mjs";
import { LastknownProcess } from "./lastknown-process.mjs";
import { metricsOf } from "./metrics-of.mjs";

export const PARTITIONS = 16;
const WORKERS = 2;
/** As compose and k8s give them. */
const WORKER_NODE_OPTIONS = "--max-semi-space-size=32";
const COMMAND_BOUND_MS = 60_000;
const READY_BOUND_MS = 60_000;

/** A fleet of one run's own: its topics, workers, and a query service with its view on disk. */
export class BenchFleet {
  name;
  partitions;
  queryPort = 0;
  queryOperationsPort = 0;
  #options;
  #folder;
  #environment;
  #workers = [];
  #workerPorts = [];
  #query;

  /**
   * @param {object} options
   * @param options.stack
   * @param {string} options.name
   * @param {string | undefined} options.profileFolder where each process leaves a CPU profile
   * @param {number} [options.partitions]
   * @param {Record<string, string>} [options.settings] of all its processes, by the names of the environment
   */
  constructor(options) {
    this.#options = options;
    this.name = options.name;
    this.partitions = options.partitions ?? PARTITIONS;
    this.#folder = join(options.stack.directory, options.name);
    this.#environment = {
      ...withoutSettings(process.env),
      ...options.stack.environment,
      LASTKNOWN_FLEET: options.name,
      LASTKNOWN_PARTITIONS: String(this.partitions),
      ...options.settings,
    };
  }

  /** What points a client of this fleet at its servers. */
  get environment() {
    return this.#environment;
  }

  /** Role → pids of what runs all the time. */
  get roles() {
    const workers = this.#workers.map(({ pid }) => pid);
    return new Map([
      ...(workers.length === 0 ? [] : [[`worker ×${workers.length}`, workers]]),
      ...(this.#query === undefined ? [] : [["query", [this.#query.pid]]]),
    ]);
  }

  async createTopics() {
    await mkdir(this.#folder, { recursive: true });
    await this.run("topics", ["topics"]).output(COMMAND_BOUND_MS);
  }

  /** Resolves when the workers share the partitions and the view has caught up. */
  async start() {
    await this.createTopics();
    await this.launchQuery();
    await this.launchWorkers(WORKERS);
    await this.untilShared();
    await this.untilQueryReady(READY_BOUND_MS);
  }

  /** Waits for nothing that it does. Where one comes after another, each has a name of its own. */
  async launchQuery({ name = "query", settings = {} } = {}) {
    const [queryPort, queryOperationsPort] = await freePorts(2);
    Object.assign(this, { queryPort, queryOperationsPort });
    this.#query = this.run(name, ["query"], {
      LASTKNOWN_QUERY_PORT: String(queryPort),
      LASTKNOWN_OPERATIONS_PORT: String(queryOperationsPort),
      LASTKNOWN_DATA_DIRECTORY: join(this.#folder, "view"),
      ...settings,
    });
  }

  /** Resolves when the view has caught up with the audit. */
  async untilQueryReady(boundMs) {
    await this.#query.until(() => answersReady(this.queryOperationsPort), "ready", boundMs);
  }

  /** Resolves when the workers share the partitions. */
  async untilShared() {
    const share = this.partitions / this.#workers.length;
    const isShared = async (port) =>
      (await metricsOf(port)).get("lastknown_assigned_partitions") === share && (await answersReady(port));
    for (const [index, worker] of this.#workers.entries()) {
      await worker.until(() => isShared(this.#workerPorts[index]), "given its partitions", READY_BOUND_MS);
    }
  }

  /** The same of workers. */
  async launchWorkers(count, name = "worker") {
    this.#workerPorts = await freePorts(count);
    this.#workers = this.#workerPorts.map((port, index) =>
      this.run(`${name}-${index + 1}`, ["consume"], {
        LASTKNOWN_OPERATIONS_PORT: String(port),
        NODE_OPTIONS: WORKER_NODE_OPTIONS,
      }),
    );
  }

  /** For who goes on with the fleet's topics. */
  async stopWorkers() {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    this.#workers = [];
  }

  /** Its view goes with it. */
  async stopQuery() {
    await this.#query.stop();
    this.#query = undefined;
    await rm(join(this.#folder, "view"), { recursive: true, force: true });
  }

  /** Starts any command on this fleet. */
  run(name, args, more = {}) {
    const { profileFolder, stack } = this.#options;
    const isProfiled = profileFolder !== undefined && args[0] !== "topics";
    const started = new LastknownProcess({
      name: `${this.name} ${name}`,
      args,
      nodeFlags: isProfiled
        ? ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${name}.cpuprofile`]
        : [],
      environment: { ...this.#environment, ...more },
      logFile: join(this.#folder, `${name}.log`),
    });
    stack.adopt(`${this.name}-${name}`, started.pid);
    return started;
  }

  /** How many records the workers took at a time: what every fixed cost of a batch is divided by. */
  async recordsPerBatch() {
    return (await this.recordsTaken()) / (await this.#sumOf("lastknown_batch_seconds_count"));
  }

  /** How many records the workers are done with. */
  async recordsTaken() {
    return await this.#sumOf("lastknown_records_total");
  }

  async #sumOf(name) {
    const all = await Promise.all(this.#workerPorts.map(metricsOf));
    return all.reduce((total, metrics) => total + (metrics.get(name) ?? 0), 0);
  }

  requireRunning() {
    for (const started of this.#started) started.requireRunning();
  }

  async stop() {
    await Promise.all(this.#started.map((each) => each.stop()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #started() {
    return [...this.#workers, ...(this.#query === undefined ? [] : [this.#query])];
  }
}

/** Settings of other servers must not reach what is measured. */
function withoutSettings(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("LASTKNOWN_")));
}

async function answersReady(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch (error) {
    if (error.name === "TypeError" || error.name === "TimeoutError") return false;
    throw error;
  }
}
