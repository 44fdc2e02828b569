import { rm } from "node:fs/promises";
import { endServers } from "./lifetime/end-servers.js";
import type { Reaper } from "./lifetime/reaper.js";
import { identify, isRunning, type ServerIdentity, signalServer } from "./lifetime/server-identity.js";
import type { ServerFiles } from "./servers/server-files.js";
import { allReady, serverNames, startOne } from "./servers/start-servers.js";
import type { Login } from "./security/rights.js";
import { addressesOf, environmentOf, proxiedAddressesOf, type StackAddresses } from "./stack-addresses.js";
import { StackError } from "./stack-error.js";
import type { StackState } from "./stack-layout.js";
import type { StateFile } from "./state-file.js";
import { stopStack } from "./stop-stack.js";

/** One server of a stack, to be signalled by a test of faults. */
export interface StackNode {
  readonly name: string;
  readonly pid: number;
  /** @returns whether the server was still there to receive it. */
  readonly signal: (signal: NodeJS.Signals) => boolean;
  readonly isRunning: () => boolean;
}

export interface RunningStackParts {
  readonly stateFile: StateFile;
  readonly files: ServerFiles;
  /** Null for a stack that shall outlive this program. */
  readonly reaper: Reaper | null;
  /** Whether the folder is removed with the servers. */
  readonly temporary: boolean;
}

/** A stack whose servers run. It holds no connection and no timer: all it knows is in the state file. */
export class RunningStack {
  readonly directory: string;
  readonly #parts: RunningStackParts;

  constructor(parts: RunningStackParts) {
    this.directory = parts.stateFile.directory;
    this.#parts = parts;
  }

  get addresses(): StackAddresses {
    return addressesOf(this.#state().layout);
  }

  /** `LASTKNOWN_…` variables for the product's commands. */
  get environment(): Record<string, string> {
    return environmentOf(this.directory, this.#state().layout);
  }

  /** The same with the login of one principal, where the servers are secured. */
  environmentAs(login: Login): Record<string, string> {
    return environmentOf(this.directory, this.#state().layout, { login });
  }

  /** The same by the ports before the servers, where there are any. */
  get proxiedEnvironment(): Record<string, string> {
    const { layout } = this.#state();
    return environmentOf(this.directory, layout, { addresses: proxiedAddressesOf(layout) });
  }

  get nodeNames(): string[] {
    return serverNames(this.#state());
  }

  /** @throws StackError `not-running` where the server is not listed as running. */
  node(name: string): StackNode {
    const identity = this.#identityOf(name);
    return {
      name,
      pid: identity.pid,
      signal: (signal) => signalServer(identity, signal),
      isRunning: () => isRunning(identity),
    };
  }

  /**
   * Ends one server at once (or finds it dead) and starts it again on its own data and ports.
   * Resolves when the whole stack is ready again.
   */
  async restartNode(name: string): Promise<StackNode> {
    const identity = this.#state().servers[name];
    if (identity !== undefined) await endServers([identity], 0);
    startOne(this.#parts.stateFile, this.#parts.files, name);
    await this.ready();
    return this.node(name);
  }

  /** Resolves when every server answers and each cluster is whole. */
  async ready(): Promise<void> {
    await allReady(this.#parts.stateFile);
  }

  /**
   * Lets another program of the owner go when the stack does, however the owner ends. It must lead a process group
   * of its own. `stop` does not end it: its owner asks it first.
   */
  adopt(name: string, pid: number): void {
    const identity = identify(pid);
    if (identity !== undefined) this.#parts.stateFile.note(name, identity);
  }

  /** Ends all servers; a temporary stack's folder goes too. May be called twice. */
  async stop(): Promise<void> {
    await stopStack(this.directory, { quick: this.#parts.temporary });
    await this.#parts.reaper?.release();
    if (this.#parts.temporary) await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #identityOf(name: string): ServerIdentity {
    const identity = this.#state().servers[name];
    if (identity === undefined)
      throw new StackError("not-running", `${name} does not run in ${this.directory}`);
    return identity;
  }

  #state(): StackState {
    const state = this.#parts.stateFile.read();
    if (state === undefined) throw new StackError("not-running", `no stack in ${this.directory}`);
    return state;
  }
}
