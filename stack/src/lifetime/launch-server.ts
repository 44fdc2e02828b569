import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { StackError } from "../stack-error.js";
import { identify, type ServerIdentity } from "./server-identity.js";

/** How to start one server. */
export interface ServerLaunch {
  readonly command: string;
  readonly argv0?: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Standard output and standard error are appended here. */
  readonly logFile: string;
}

/**
 * Starts a server in a group of its own, so that neither Ctrl-C nor the end of this program reaches it.
 * Synchronous: the caller can write the identity down before anything else happens.
 * @throws StackError `start` where the command cannot be run.
 */
export function launchServer(launch: ServerLaunch): ServerIdentity {
  mkdirSync(dirname(launch.logFile), { recursive: true });
  const log = openSync(launch.logFile, "a");
  try {
    const child = spawn(launch.command, launch.args, {
      cwd: launch.cwd,
      detached: true,
      stdio: ["ignore", log, log],
      ...(launch.argv0 === undefined ? {} : { argv0: launch.argv0 }),
    });
    // Without a listener the event would end this program; the missing pid below tells the same.
    child.once("error", () => child.unref());
    child.unref();
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    if (identity === undefined) throw new StackError("start", `cannot run ${launch.command}`);
    return identity;
  } finally {
    closeSync(log);
  }
}
