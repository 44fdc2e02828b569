import { isRunning } from "./lifetime/server-identity.js";
import { redisNodeLacks } from "./servers/redis-cluster.js";
import { registryLacks, registryUrl } from "./servers/registry.js";
import { brokerLacks } from "./servers/start-servers.js";
import { restartCommands } from "./restart-commands.js";
import { addressesOf, environmentOf, exportLines, type StackAddresses } from "./stack-addresses.js";
import { StackError } from "./stack-error.js";
import { HOST, type StackState } from "./stack-layout.js";
import { StateFile } from "./state-file.js";

const ASK_BOUND_MS = 2_000;

/** One server as it is now. */
export interface ServerStatus {
  readonly name: string;
  readonly address: string;
  /** Null where it does not run. */
  readonly pid: number | null;
  /** By asking the server itself: it answers and sees its whole cluster. */
  readonly healthy: boolean;
  /** Why it is not healthy; null where it is. */
  readonly lacks: string | null;
}

export interface StackStatus {
  readonly directory: string;
  readonly healthy: boolean;
  readonly addresses: StackAddresses;
  readonly servers: readonly ServerStatus[];
  /** The commands that bring back whatever does not run. */
  readonly restart: string;
}

/** Asks each server of a stack how it is. @throws StackError `not-running` where the folder holds no stack. */
export async function stackStatus(directory: string): Promise<StackStatus> {
  const state = stateIn(directory);
  const { brokers, registry, redis } = state.layout;
  const nodeIds = brokers.map(({ nodeId }) => nodeId);
  const servers = await Promise.all([
    ...brokers.map(({ name, port }) =>
      statusOf(state, name, `${HOST}:${port}`, () => brokerLacks(name, port, nodeIds)),
    ),
    statusOf(state, registry.name, registryUrl(registry), () => registryLacks(registry, ASK_BOUND_MS)),
    ...redis.map((node) =>
      statusOf(state, node.name, `${HOST}:${node.port}`, () => redisNodeLacks(node, redis)),
    ),
  ]);
  const healthy = servers.every((server) => server.healthy);
  const restart = restartCommands(directory, state.layout);
  return { directory, healthy, addresses: addressesOf(state.layout), servers, restart };
}

/** `export LASTKNOWN_…='…'` lines for a shell. @throws StackError `not-running`. */
export function stackEnvironment(directory: string): string {
  return exportLines(environmentOf(directory, stateIn(directory).layout));
}

async function statusOf(
  state: StackState,
  name: string,
  address: string,
  lacksNow: () => Promise<string | undefined>,
): Promise<ServerStatus> {
  const identity = state.servers[name];
  if (identity === undefined || !isRunning(identity)) {
    return { name, address, pid: null, healthy: false, lacks: "does not run" };
  }
  const lacks = (await lacksNow()) ?? null;
  return { name, address, pid: identity.pid, healthy: lacks === null, lacks };
}

function stateIn(directory: string): StackState {
  const state = new StateFile(directory).read();
  if (state === undefined) throw new StackError("not-running", `no stack in ${directory}`);
  return state;
}
