import { availableParallelism } from "node:os";
import { machineCpuMicros } from "./machine-load.mjs";
import {
  anonymousMb,
  cpuMicros,
  endedChildrenCpuMicros,
  residentMaxMb,
  residentMb,
  traffic,
} from "./process-cost.mjs";

const RESIDENT_EVERY_MS = 250;

/**
 * Counts what groups of processes take between `start` and `stop`. A group is one role: all its processes' CPU time
 * is added, and its memory is that of its greatest process.
 */
export class CostMeter {
  #groups;
  #startedMs = 0;
  #cpuAtStart = new Map();
  #trafficAtStart = new Map();
  #machineAtStart;
  #residentMb = new Map();
  #anonymousMb = new Map();
  #extraMicros = new Map();
  /** Of children of this program that had ended at the start, and of those that `endedWith` told. */
  #childrenMicrosAtStart = 0;
  #toldChildrenMicros = 0;
  #timer;

  /** @param {ReadonlyMap<string, readonly number[]>} groups role → pids */
  constructor(groups) {
    this.#groups = new Map(groups);
  }

  start() {
    this.#startedMs = performance.now();
    this.#machineAtStart = machineCpuMicros();
    this.#childrenMicrosAtStart = endedChildrenCpuMicros();
    for (const pids of this.#groups.values()) {
      for (const pid of pids) {
        this.#cpuAtStart.set(pid, cpuMicros(pid) ?? 0);
        this.#trafficAtStart.set(pid, traffic(pid));
      }
    }
    this.#timer = setInterval(() => this.#lookAtMemory(), RESIDENT_EVERY_MS);
  }

  /** A process that begins while we count, or before: where it ends as well, its CPU time is told then. */
  began(role, pid) {
    this.#groups.set(role, [pid]);
    this.#cpuAtStart.set(pid, 0);
  }

  /** @param {number} micros what it has taken since it began, of which what it had taken at `start` does not count */
  endedWith(role, micros) {
    const [pid] = this.#groups.get(role);
    this.#toldChildrenMicros += micros;
    this.#extraMicros.set(role, micros - this.#cpuAtStart.get(pid));
  }

  /**
   * @param {number} records to which the time is divided
   * @param {Record<string, number>} ownRecords role → records, where it worked on others than the rest did
   * @returns what each role took: `microsPerEvent`, `residentMaxMb`, `residentMb` (now), `anonymousMaxMb` (as looked at),
   *   and `readBytesPerEvent` and `writtenBytesPerEvent` where it ran all the time; and the shares of the machine that programs
   *   which are not ours, and the host, took meanwhile. Tools that the bench runs are ours too, in no role
   */
  stop(records, ownRecords = {}) {
    clearInterval(this.#timer);
    this.#lookAtMemory();
    const machine = machineCpuMicros();
    const capacityMicros = (performance.now() - this.#startedMs) * 1000 * availableParallelism();
    const roles = {};
    let oursMicros = 0;
    let totalMicrosPerEvent = 0;
    for (const [role, pids] of this.#groups) {
      const micros = this.#extraMicros.get(role) ?? this.#microsOf(pids);
      const worked = ownRecords[role] ?? records;
      oursMicros += micros;
      totalMicrosPerEvent += micros / worked;
      roles[role] = {
        microsPerEvent: micros / worked,
        residentMaxMb: this.#residentMb.get(role) ?? 0,
        residentMb: Math.max(0, ...pids.map((pid) => residentMb(pid) ?? 0)),
        anonymousMaxMb: this.#anonymousMb.get(role) ?? 0,
        readBytesPerEvent: this.#bytesOf(pids, "readBytes") / worked,
        writtenBytesPerEvent: this.#bytesOf(pids, "writtenBytes") / worked,
      };
    }
    const busyMicros = machine.busy - this.#machineAtStart.busy;
    const childrenMicros = endedChildrenCpuMicros() - this.#childrenMicrosAtStart - this.#toldChildrenMicros;
    return {
      roles,
      totalMicrosPerEvent,
      othersShare: Math.max(0, busyMicros - oursMicros - childrenMicros) / capacityMicros,
      stolenShare: (machine.stolen - this.#machineAtStart.stolen) / capacityMicros,
    };
  }

  #microsOf(pids) {
    return pids.reduce((sum, pid) => sum + (cpuMicros(pid) ?? 0) - this.#cpuAtStart.get(pid), 0);
  }

  /** NaN where one of them did not run all the time. */
  #bytesOf(pids, kind) {
    return pids.reduce((sum, pid) => {
      const before = this.#trafficAtStart.get(pid)?.[kind] ?? NaN;
      return sum + (traffic(pid)?.[kind] ?? NaN) - before;
    }, 0);
  }

  #lookAtMemory() {
    for (const [role, pids] of this.#groups) {
      raise(this.#residentMb, role, pids.map(residentMaxMb));
      raise(this.#anonymousMb, role, pids.map(anonymousMb));
    }
  }
}

function raise(most, role, values) {
  most.set(role, Math.max(most.get(role) ?? 0, ...values.map((value) => value ?? 0)));
}
