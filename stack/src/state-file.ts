import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerIdentity } from "./lifetime/server-identity.js";
import type { StackState } from "./stack-layout.js";
import { hasErrorCode } from "./error-code.js";

/**
 * The list of what runs, in the stack's folder. Written before a server runs and replaced as a whole, so whoever
 * reads it after a crash finds each server that was started.
 */
export class StateFile {
  readonly directory: string;
  readonly path: string;

  constructor(directory: string) {
    this.directory = directory;
    this.path = join(directory, "stack.json");
  }

  /** Undefined where there is no stack in this folder. */
  read(): StackState | undefined {
    try {
      return JSON.parse(readFileSync(this.path, "utf8")) as StackState;
    } catch (error) {
      if (hasErrorCode(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  write(state: StackState): void {
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
