import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { hasErrorCode } from "../error-code.js";

/** A running program named so that it cannot be confused with a later one that got the same pid. */
export interface ServerIdentity {
  readonly pid: number;
  /** Boot id and start time in ticks since boot, as /proc has them. */
  readonly startedAt: string;
}

/** Undefined where no program with this pid runs; one that ended and was not yet collected (a zombie) counts as gone. */
export function identify(pid: number): ServerIdentity | undefined {
  const startedAt = process.platform === "linux" ? startFromProc(pid) : startFromPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export function isRunning(identity: ServerIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt;
}

/**
 * Sends a signal to the program and its group, if it is still the one that was named.
 * @returns whether it was sent.
 */
export function signalServer(identity: ServerIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    process.kill(-identity.pid, signal);
    return true;
  } catch (error) {
    if (hasErrorCode(error, "ESRCH")) return false;
    throw error;
  }
}

function startFromProc(pid: number): string | undefined {
  try {
    return startOfStatLine(readFileSync(`/proc/${pid}/stat`, "latin1"), bootId());
  } catch (error) {
    if (hasErrorCode(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}

/** Field 3 is the state and field 22 the start; the name before them, in parentheses, may hold anything. */
export function startOfStatLine(line: string, boot: string): string | undefined {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  const ticks = fields[19];
  if (state === "Z" || state === "X" || ticks === undefined) return undefined;
  return `${boot}:${ticks}`;
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
}

function startFromPs(pid: number): string | undefined {
  const answer = spawnSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { encoding: "utf8" });
  const line = answer.stdout.trim();
  return answer.status !== 0 || line === "" || line.startsWith("Z") ? undefined : line.replace(/^\S+\s+/, "");
}
