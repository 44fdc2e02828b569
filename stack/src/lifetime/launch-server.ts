import { accessSync, closeSync, constants, mkdirSync, openSync, rmSync, symlinkSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { hasErrorCode } from "../error-code.js";
import { StackError } from "../stack-error.js";
import { identify, type ServerIdentity } from "./server-identity.js";
import { spawnHeld } from "./spawn-held.js";

/** How to start one server. */
export interface ServerLaunch {
  readonly command: string;
  /** The name under which it is to be started, where it looks at that and it is another. */
  readonly argv0?: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Standard output and standard error are appended here. */
  readonly logFile: string;
}

/**
 * Starts a server in a group of its own, so that neither Ctrl-C nor the end of this program reaches it. It runs only
 * when `note` has written down who it is: at no instant is there a server that a reader of the notes would miss.
 * @throws StackError `start` where the command cannot be run.
 */
export function launchServer(launch: ServerLaunch, note: (identity: ServerIdentity) => void): ServerIdentity {
  const command = programOf(launch);
  mkdirSync(dirname(launch.logFile), { recursive: true });
  const log = openSync(launch.logFile, "a");
  try {
    let identity: ServerIdentity | undefined;
    const held = { command, args: launch.args, cwd: launch.cwd, stdout: log, stderr: log };
    const child = spawnHeld(held, (pid) => {
      identity = identify(pid);
      if (identity !== undefined) note(identity);
    });
    // Without a listener the event would end this program; the missing identity below tells the same.
    child.once("error", () => child.unref());
    child.unref();
    if (identity === undefined) throw new StackError("start", `cannot run ${launch.command}`);
    return identity;
  } finally {
    closeSync(log);
  }
}

/** A link carries the other name: no shell that every system has can give one to a program. */
function programOf({ command, argv0, cwd }: ServerLaunch): string {
  const program = pathOf(command);
  if (program === undefined) throw new StackError("start", `cannot run ${command}`);
  if (argv0 === undefined || basename(program) === argv0) return program;
  const link = join(cwd, argv0);
  rmSync(link, { force: true });
  symlinkSync(program, link);
  return link;
}

/** As a shell finds it. */
function pathOf(command: string): string | undefined {
  if (command.includes("/")) return isProgram(command) ? command : undefined;
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, command)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (hasErrorCode(error, "ENOENT", "ENOTDIR", "EACCES")) return false;
    throw error;
  }
}
