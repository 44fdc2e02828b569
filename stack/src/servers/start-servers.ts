import { readFileSync } from "node:fs";
import { allOrNoneUnderWay } from "../lifetime/all-or-none-under-way.js";
import { launchServer, type ServerLaunch } from "../lifetime/launch-server.js";
import { isRunning, type ServerIdentity } from "../lifetime/server-identity.js";
import { waitUntil } from "../lifetime/wait-until.js";
import { type OnProgress, slowStep } from "../progress.js";
import { rightsOf } from "../security/rights.js";
import { StackError } from "../stack-error.js";
import type { RedisPlace, StackState } from "../stack-layout.js";
import type { StateFile } from "../state-file.js";
import { brokerLaunch, formatBrokers } from "./kafka.js";
import { brokerLacks, stackPortOf } from "./broker-health.js";
import { createAcls } from "./kafka-acls.js";
import { createCluster, redisClusterLacks, redisLaunch } from "./redis-cluster.js";
import { redisCommand } from "./redis-commands.js";
import { registryLacks, registryLaunch } from "./registry.js";
import { accessTo, type ServerAccess } from "./server-access.js";
import { logFileIn, type ServerFiles } from "./server-files.js";
import { hasErrorCode } from "../error-code.js";

const READY_BOUND_MS = 90_000;
const ASK_BOUND_MS = 2_000;
const LOG_TAIL_LINES = 20;
const LOG_TAIL_BYTES_MAX = 64 * 1024;

/**
 * Starts the servers of one stack, each noted in the state file at once, and resolves when all are ready:
 * each broker sees all brokers, the registry reads its database, each Redis node sees a whole linked cluster.
 * @throws StackError `port-taken`, `start` or `timeout`, with the end of the log of the server that is to blame.
 */
export async function startServers(
  stateFile: StateFile,
  files: ServerFiles,
  onProgress: OnProgress,
): Promise<void> {
  const state = stateOf(stateFile);
  const access = accessTo(stateFile.directory, state);
  for (const registryOrRedis of [state.layout.registry, ...state.layout.redis]) {
    startOne(stateFile, files, registryOrRedis.name);
  }
  await slowStep(onProgress, `starting ${summary(state)}`, () =>
    allOrNoneUnderWay([
      startKafka(stateFile, files),
      ready(stateFile, "the registry is ready", () =>
        registryLacks(state.layout.registry, ASK_BOUND_MS, access),
      ),
      startRedis(stateFile),
    ]),
  );
  stateFile.write({ ...stateOf(stateFile), formatted: true });
}

/** Notes one server by its name and starts it. It is not waited for. */
export function startOne(stateFile: StateFile, files: ServerFiles, name: string): ServerIdentity {
  const launch = launchOf(stateOf(stateFile), name, files);
  return launchServer(launch, (identity) => stateFile.note(name, identity));
}

/** Resolves when the whole stack is ready, whoever started it. */
export async function allReady(stateFile: StateFile): Promise<void> {
  const state = stateOf(stateFile);
  const { layout } = state;
  const access = accessTo(stateFile.directory, state);
  await Promise.all([
    ready(stateFile, "every broker knows every broker", () => kafkaLacks(state, access)),
    ready(stateFile, "the registry is ready", () => registryLacks(layout.registry, ASK_BOUND_MS, access)),
    ready(stateFile, "the Redis Cluster is whole", () => redisClusterLacks(layout.redis, access)),
  ]);
}

/** The last lines that a server wrote; empty where it wrote none. */
export function logTail(directory: string, serverName: string): string {
  try {
    const log = readFileSync(logFileIn(directory, serverName));
    const text = log.subarray(Math.max(0, log.length - LOG_TAIL_BYTES_MAX)).toString("utf8");
    return text.trimEnd().split("\n").slice(-LOG_TAIL_LINES).join("\n");
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return "";
    throw error;
  }
}

function launchOf(state: StackState, name: string, files: ServerFiles): ServerLaunch {
  const broker = state.layout.brokers.find((place) => place.name === name);
  if (broker !== undefined) return brokerLaunch(state, broker, files);
  const node = state.layout.redis.find((place) => place.name === name);
  if (node !== undefined) return redisLaunch(state, node, files);
  if (name === state.layout.registry.name) return registryLaunch(state.layout, files);
  throw new StackError("usage", `no server is called ${name}: ${serverNames(state).join(", ")}`);
}

export function serverNames({ layout }: StackState): string[] {
  return [...layout.brokers, layout.registry, ...layout.redis].map(({ name }) => name);
}

async function startKafka(stateFile: StateFile, files: ServerFiles): Promise<void> {
  const state = stateOf(stateFile);
  if (!state.formatted) await formatBrokers(state, stateFile, files);
  for (const broker of state.layout.brokers) startOne(stateFile, files, broker.name);
  const access = accessTo(stateFile.directory, state);
  await ready(stateFile, "every broker knows every broker", () => kafkaLacks(state, access));
  if (!state.formatted && state.layout.security !== undefined) await giveRights(stateFile, access);
}

/** The quorum may elect its first leader anew meanwhile: then the request comes once more. */
async function giveRights(stateFile: StateFile, access: ServerAccess): Promise<void> {
  const { brokers, security } = stateOf(stateFile).layout;
  const [broker] = brokers;
  if (broker === undefined || security === undefined) return;
  const rights = rightsOf(security.fleet);
  await ready(stateFile, "Kafka knows the rights of its users", () =>
    lackOf(createAcls(stackPortOf(broker), rights, { access, boundMs: ASK_BOUND_MS })),
  );
}

/** Makes one cluster of the Redis nodes that were started; resolves when it is whole. */
export async function startRedis(stateFile: StateFile): Promise<void> {
  const state = stateOf(stateFile);
  const nodes = state.layout.redis;
  const access = accessTo(stateFile.directory, state);
  await ready(stateFile, "every Redis node answers", async () => {
    const answers = await Promise.all(
      nodes.map(({ port }) => lackOf(redisCommand(port, ["PING"], ASK_BOUND_MS, access))),
    );
    return answers.find((lack) => lack !== undefined);
  });
  if (!state.formatted) await createClusterOrBlame(stateFile, nodes, access);
  await ready(stateFile, "the Redis Cluster is whole", () => redisClusterLacks(nodes, access));
}

/** A node that ended meanwhile is to blame, not the refused connection that told of it. */
async function createClusterOrBlame(
  stateFile: StateFile,
  nodes: readonly RedisPlace[],
  access: ServerAccess,
): Promise<void> {
  try {
    await createCluster(nodes, access);
  } catch (error) {
    assertAllRun(stateFile);
    throw error;
  }
}

async function kafkaLacks({ layout }: StackState, access: ServerAccess): Promise<string | undefined> {
  const all = layout.brokers.map(({ nodeId }) => nodeId);
  for (const broker of layout.brokers) {
    const lack = await brokerLacks(broker, all, access);
    if (lack !== undefined) return lack;
  }
  return undefined;
}

async function lackOf(answer: Promise<unknown>): Promise<string | undefined> {
  try {
    await answer;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function ready(
  stateFile: StateFile,
  what: string,
  lacking: () => Promise<string | undefined>,
): Promise<void> {
  return waitUntil({ what, boundMs: READY_BOUND_MS, lacking, stillPossible: () => assertAllRun(stateFile) });
}

/** @throws StackError with the end of the log of a server that was started and ended. */
export function assertAllRun(stateFile: StateFile): void {
  const state = stateOf(stateFile);
  for (const name of serverNames(state)) {
    const identity = state.servers[name];
    if (identity === undefined || isRunning(identity)) continue;
    const tail = logTail(stateFile.directory, name);
    const code = /address already in use/i.test(tail) ? "port-taken" : "start";
    throw new StackError(code, `${name} ended while it was being started. The end of its log:\n${tail}`);
  }
}

function stateOf(stateFile: StateFile): StackState {
  const state = stateFile.read();
  if (state === undefined) throw new StackError("not-running", `no stack in ${stateFile.directory}`);
  return state;
}

function summary({ layout }: StackState): string {
  const { length } = layout.brokers;
  return `Kafka (${length} ${length === 1 ? "broker" : "brokers"}), the registry and Redis (${layout.redis.length} nodes)`;
}
