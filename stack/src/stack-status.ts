import { isRunning } from "./lifetime/server-identity.js";
import { brokerLacks } from "./servers/broker-health.js";
import { redisNodeLacks } from "./servers/redis-cluster.js";
import { registryLacks, registryUrl } from "./servers/registry.js";
import { accessTo } from "./servers/server-access.js";
import { restartCommands } from "./restart-commands.js";
import { ADMIN, type Login } from "./security/rights.js";
import {
  addressesOf,
  environmentOf,
  exportLines,
  SECURITY_VARIABLES,
  type StackAddresses,
} from "./stack-addresses.js";
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
  /** Whether its servers take TLS and logins only. */
  readonly secured: boolean;
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
  const access = accessTo(directory, state);
  const isSecured = state.layout.security !== undefined;
  const servers = await Promise.all([
    ...brokers.map((broker) =>
      statusOf(state, broker.name, `${HOST}:${broker.port}`, () => brokerLacks(broker, nodeIds, access)),
    ),
    statusOf(state, registry.name, registryUrl(registry, isSecured), () =>
      registryLacks(registry, ASK_BOUND_MS, access),
    ),
    ...redis.map((node) =>
      statusOf(state, node.name, `${HOST}:${node.port}`, () => redisNodeLacks(node, redis, access)),
    ),
  ]);
  const healthy = servers.every((server) => server.healthy);
  const restart = restartCommands(directory, state.layout);
  return { directory, healthy, secured: isSecured, addresses: addressesOf(state.layout), servers, restart };
}

/**
 * `export LASTKNOWN_…='…'` lines for a shell; what was set for another stack and does not fit this one is unset.
 * @param login as whom to come to servers that are secured
 * @throws StackError `not-running`, and `usage` for a login where there is none
 */
export function stackEnvironment(directory: string, login?: Login): string {
  const { layout } = stateIn(directory);
  if (login !== undefined && layout.security === undefined) {
    throw new StackError("usage", `the servers in ${directory} take no logins: leave out --as ${login}`);
  }
  const environment = environmentOf(directory, layout, { login: login ?? ADMIN });
  const unset = SECURITY_VARIABLES.filter((name) => environment[name] === undefined);
  return `${unset.length === 0 ? "" : `unset ${unset.join(" ")}\n`}${exportLines(environment)}`;
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
