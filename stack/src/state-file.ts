import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerIdentity } from "./lifetime/server-identity.js";
import type { StackState } from "./stack-layout.js";
import { hasErrorCode } from "./error-code.js";

/** The part of a state file by which whatever runs is found and ended. */
export interface ListedServers {
  /** Name → the running server. A server that was stopped is not listed. */
  readonly servers: Readonly<Record<string, ServerIdentity>>;
}

/**
 * The list of what runs, in the stack's folder. Written before a server runs and replaced as a whole, so whoever
 * reads it after a crash finds each server that was started.
 */
export class StateFile<State extends ListedServers = StackState> {
  readonly directory: string;
  readonly path: string;

  constructor(directory: string) {
    this.directory = directory;
    this.path = join(directory, "stack.json");
  }

  /** Undefined where there is no stack in this folder. */
  read(): State | undefined {
    try {
      return JSON.parse(readFileSync(this.path, "utf8")) as State;
    } catch (error) {
      if (hasErrorCode(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  write(state: State): void {
    mkdirSync(this.directory, { recursive: true });
    const temporary = `${this.path}.${process.pid}`;
    writeFileSync(temporary, `${JSON.stringify(state, null, 2)}\n`);
    renameSync(temporary, this.path);
  }

  /** Notes that a server runs (or, without an identity, that it does not). */
  note(name: string, identity: ServerIdentity | undefined): void {
    const state = this.read();
    if (state === undefined) throw new Error(`no stack in ${this.directory}`);
    const { [name]: _previous, ...others } = state.servers;
    this.write({ ...state, servers: identity === undefined ? others : { ...others, [name]: identity } });
  }
}
