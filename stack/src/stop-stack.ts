import { endServers } from "./lifetime/end-servers.js";
import { isRunning } from "./lifetime/server-identity.js";
import { StackError } from "./stack-error.js";
import { StateFile } from "./state-file.js";

const GRACE_MS = 10_000;

export interface StopOptions {
  /** SIGKILL at once: for a stack whose data goes too. */
  readonly quick?: boolean;
}

/**
 * Ends the servers that the state file of one stack lists, and nothing else: who uses the brokers first, so the
 * registry, then Kafka, then Redis. The data stay; `startStack` on the same folder goes on with them.
 * @returns the names of the servers that were running.
 */
export async function stopStack(directory: string, options: StopOptions = {}): Promise<string[]> {
  const stateFile = new StateFile(directory);
  const state = stateFile.read();
  if (state === undefined) return [];
  const graceMs = options.quick === true ? 0 : GRACE_MS;
  const { registry, brokers, redis } = state.layout;
  const stopped: string[] = [];
  for (const group of [[registry], brokers, redis]) {
    const listed = group.flatMap(({ name }) => {
      const identity = state.servers[name];
      return identity === undefined ? [] : [{ name, identity }];
    });
    stopped.push(...listed.filter(({ identity }) => isRunning(identity)).map(({ name }) => name));
    const left = await endServers(
      listed.map(({ identity }) => identity),
      graceMs,
    );
    if (left.length > 0) {
      throw new StackError("timeout", `cannot end ${left.map(({ pid }) => pid).join(", ")} of ${directory}`);
    }
    for (const { name } of listed) stateFile.note(name, undefined);
  }
  return stopped;
}
