import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logFileIn } from "../servers/server-files.js";
import { logTail } from "../servers/start-servers.js";
import { StackError } from "../stack-error.js";
import { type ListedServers, StateFile } from "../state-file.js";
import { endServers } from "./end-servers.js";
import { launchServer, type ServerLaunch } from "./launch-server.js";
import { Reaper } from "./reaper.js";
import { identify, isRunning, type ServerIdentity } from "./server-identity.js";

/** Which servers run, what a server is called when it writes, and how it is started. */
export type TemporaryLaunch = Pick<ServerLaunch, "command" | "args">;

/**
 * Servers of other kinds than a stack's, with one temporary folder for all that they write. Both are gone after
 * `stop`, and however the program ends that opened this.
 */
export class TemporaryServers {
  readonly directory: string;
  readonly #stateFile: StateFile<ListedServers>;
  readonly #reaper: Reaper;

  private constructor(directory: string, watched: ServerIdentity | null) {
    this.directory = directory;
    this.#stateFile = new StateFile(directory);
    this.#stateFile.write({ servers: {} });
    this.#reaper = new Reaper({ directory, removeDirectory: true, watched });
  }

  /**
   * @param prefix of the folder's name
   * @param watched all goes when this program does, too: `parentToWatch()` for npm
   */
  static async open(prefix: string, watched: ServerIdentity | null): Promise<TemporaryServers> {
    return new TemporaryServers(await mkdtemp(join(tmpdir(), prefix)), watched);
  }

  /** Starts a server, which is not waited for. @throws StackError `start` where the command cannot be run. */
  launch(name: string, { command, args }: TemporaryLaunch): void {
    const logFile = logFileIn(this.directory, name);
    launchServer({ command, args, cwd: this.directory, logFile }, (identity) =>
      this.#stateFile.note(name, identity),
    );
  }

  /** Lists a program that leads a process group of its own, so that it ends with the rest. */
  adopt(name: string, pid: number): void {
    const identity = identify(pid);
    if (identity !== undefined) this.#stateFile.note(name, identity);
  }

  /** Name → pid of what runs. */
  get running(): Readonly<Record<string, number>> {
    const running = Object.entries(this.#listed()).filter(([, identity]) => isRunning(identity));
    return Object.fromEntries(running.map(([name, { pid }]) => [name, pid]));
  }

  /** @throws StackError `port-taken` or `start` with the end of the log of a server that has ended. */
  assertAllRun(): void {
    for (const [name, identity] of Object.entries(this.#listed())) {
      if (isRunning(identity)) continue;
      const tail = logTail(this.directory, name);
      const code = /address already in use/i.test(tail) ? "port-taken" : "start";
      throw new StackError(code, `${name} ended by itself. The end of its log:\n${tail}`);
    }
  }

  /** Ends all, and removes the folder. May be called twice. */
  async stop(): Promise<void> {
    await endServers(Object.values(this.#listed()), 0);
    await this.#reaper.release();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #listed(): ListedServers["servers"] {
    return this.#stateFile.read()?.servers ?? {};
  }
}
