import { readMetric, readMetrics } from "../faults/read-metrics.js";
import type { Service } from "../harness/lastknown.js";
import type { TestFleet } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { FleetLog } from "./fleet-log.js";

const ASSIGNED = "lastknown_assigned_partitions";
const DEAD_LETTERS = "lastknown_dead_letters_total";
/** Of the load's bad records. */
const MEANT = 'reason="not_framed"';
const SETTLE_BOUND_MS = 60_000;
const FIGURES_BOUND_MS = 60_000;

/** The workers of a fleet that is being broken: those that run, and the log of all that ever did. */
export class Workers {
  readonly log = new FleetLog();
  readonly #fleet: TestFleet;
  readonly #partitions: number;
  readonly #environment: NodeJS.ProcessEnv;
  #running: Service[] = [];

  constructor(options: { fleet: TestFleet; partitions: number; environment: NodeJS.ProcessEnv }) {
    this.#fleet = options.fleet;
    this.#partitions = options.partitions;
    this.#environment = options.environment;
  }

  get running(): readonly Service[] {
    this.#running = this.#running.filter((worker) => worker.process.running);
    return this.#running;
  }

  /** @param bin another command than the built one */
  async start(environment: NodeJS.ProcessEnv = {}, bin?: string): Promise<Service> {
    const worker = await this.#fleet.startWorker({ ...this.#environment, ...environment }, bin);
    this.log.follow(worker);
    this.#running.push(worker);
    return worker;
  }

  /** Starts as many as are missing to a number. */
  async fillUp(count: number): Promise<void> {
    while (this.running.length < count) await this.start();
  }

  /** Resolves when each has partitions and each partition an owner. */
  async settled(): Promise<void> {
    const isSettled = async (): Promise<true | undefined> => {
      const counts = await Promise.all(this.running.map((worker) => readMetric(worker, ASSIGNED)));
      const total = counts.reduce((sum, count) => sum + count, 0);
      return Math.min(...counts) > 0 && total === this.#partitions ? true : undefined;
    };
    await waitUntil(isSettled, {
      what: "partitions for each worker",
      boundMs: SETTLE_BOUND_MS,
      everyMs: 250,
    });
  }

  /** A figure of all that run, over all of its labels. */
  async total(name: string): Promise<number> {
    return await this.#sum((sample) => sample === name || sample.startsWith(`${name}{`));
  }

  /** How many records those that run have dead-lettered, but for those that are sent to be. */
  async unmeantLetters(): Promise<number> {
    return await this.#sum((sample) => sample.startsWith(`${DEAD_LETTERS}{`) && !sample.includes(MEANT));
  }

  async #sum(isWanted: (sample: string) => boolean): Promise<number> {
    const all = await Promise.all(this.running.map((worker) => patientMetrics(worker)));
    return all
      .flatMap((metrics) => [...metrics])
      .filter(([sample]) => isWanted(sample))
      .reduce((sum, [, value]) => sum + value, 0);
  }

  /** What a worker last said that it has. */
  partitionsOf(worker: Service): readonly number[] {
    return this.log.assignments.findLast((assigned) => assigned.worker === worker)?.partitions ?? [];
  }

  /** Resolves when none of these has partitions: the group shares out anew, and is not done. */
  async revoked(workers: readonly Service[], boundMs: number): Promise<void> {
    const look = async (): Promise<true | undefined> => {
      const counts = await Promise.all(workers.map((worker) => readMetric(worker, ASSIGNED)));
      return counts.every((count) => count === 0) ? true : undefined;
    };
    await waitUntil(look, { what: "a rebalance", boundMs, everyMs: 50 });
  }

  /** Resolves when a worker was given partitions after a moment, in ms since 1970. */
  async assignedAnew(worker: Service, sinceMs: number, boundMs: number): Promise<void> {
    const look = (): true | undefined =>
      this.log.assignments.some((assigned) => assigned.worker === worker && assigned.atMs >= sinceMs) ||
      undefined;
    await waitUntil(look, { what: `${worker.process.name} to be given partitions`, boundMs });
  }

  /** Resolves when others than these were given all of the partitions after a moment, in ms since 1970. */
  async takenOver(partitions: readonly number[], sinceMs: number, boundMs: number): Promise<number> {
    const isTaken = (partition: number): boolean =>
      this.log.assignments.some(
        (assigned) => assigned.atMs >= sinceMs && assigned.partitions.includes(partition),
      );
    const look = (): number | undefined => (partitions.every(isTaken) ? Date.now() - sinceMs : undefined);
    return waitUntil(look, { what: `partitions ${partitions.join()} to be taken over`, boundMs });
  }
}

/** What a worker shows, though one that works off minutes of records may be too busy to answer at once. */
export async function patientMetrics(worker: Service): Promise<ReadonlyMap<string, number>> {
  const ask = async (): Promise<ReadonlyMap<string, number> | undefined> => {
    if (!worker.process.running) throw worker.process.failure("ended");
    return await readMetrics(worker).catch(() => undefined);
  };
  return await waitUntil(ask, { what: `figures of ${worker.process.name}`, boundMs: FIGURES_BOUND_MS });
}
