// CPU time, memory and traffic of processes, as the kernel counts them in /proc.

import { readFileSync } from "node:fs";

/** Linux counts CPU time for programs in hundredths of a second, on every architecture. */
const MICROS_PER_TICK = 10_000;

/**
 * CPU time of a process with all its threads, in µs; undefined where it runs no more.
 * @param {number} pid
 * @returns {number | undefined}
 */
export function cpuMicros(pid) {
  const fields = statFields(pid);
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
}

/** The same of several processes that run, added. */
export function cpuMicrosOfAll(pids) {
  return pids.reduce((sum, pid) => sum + cpuMicros(pid), 0);
}

/**
 * CPU time of all children of this program that have ended, in µs. Its growth over the end of one child is what
 * that child took, to the last tick, which nobody can read from the child itself.
 */
export function endedChildrenCpuMicros() {
  const fields = statFields(process.pid);
  return (Number(fields[13]) + Number(fields[14])) * MICROS_PER_TICK;
}

/**
 * The most memory that a process ever had resident, in MB of 2^20 bytes; undefined where it runs no more.
 * @param {number} pid
 * @returns {number | undefined}
 */
export function residentMaxMb(pid) {
  return memoryMb(pid, "VmHWM");
}

/** The same of what it has resident now. */
export function residentMb(pid) {
  return memoryMb(pid, "VmRSS");
}

/**
 * The same of what it has resident now and that is its own: no pages of files that it has mapped, such as a view, which
 * the kernel takes back when it likes.
 */
export function anonymousMb(pid) {
  return memoryMb(pid, "RssAnon");
}

function memoryMb(pid, kind) {
  const status = readProc(`/proc/${pid}/status`);
  const match = status === undefined ? null : new RegExp(`^${kind}:\\s+(\\d+) kB`, "m").exec(status);
  return match === null ? undefined : Number(match[1]) / 1024;
}

/**
 * Bytes that a process has read and written so far, over connections and files; undefined where it runs no more.
 * @param {number} pid
 * @returns {{ readBytes: number, writtenBytes: number } | undefined}
 */
export function traffic(pid) {
  const counts = readProc(`/proc/${pid}/io`);
  if (counts === undefined) return undefined;
  const count = (name) => Number(new RegExp(`^${name}: (\\d+)`, "m").exec(counts)[1]);
  return { readBytes: count("rchar"), writtenBytes: count("wchar") };
}

/** Field 3, the state, comes first; the name before it, in parentheses, may hold anything. */
function statFields(pid) {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function readProc(path) {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ESRCH") return undefined;
    throw error;
  }
}
