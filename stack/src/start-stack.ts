import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { freePorts, takenPorts } from "./free-ports.js";
import { isRunning, type ServerIdentity } from "./lifetime/server-identity.js";
import { Reaper } from "./lifetime/reaper.js";
import { StartLock } from "./lifetime/start-lock.js";
import { prepareServers } from "./prepare-servers.js";
import type { OnProgress } from "./progress.js";
import { RunningStack } from "./running-stack.js";
import { restartCommands } from "./restart-commands.js";
import { makeSecurity } from "./security/make-security.js";
import { ServerFiles } from "./servers/server-files.js";
import { startServers } from "./servers/start-servers.js";
import { StackError } from "./stack-error.js";
import {
  layOut,
  portsNeeded,
  type ProxyPlace,
  type StackForm,
  type StackSecurity,
  type StackState,
} from "./stack-layout.js";
import { StateFile } from "./state-file.js";
import { stopStack } from "./stop-stack.js";

export interface StartStackOptions extends Partial<Omit<StackForm, "proxied">> {
  /** Absolute folder of this stack alone: data, logs and the state file. */
  readonly directory: string;
  readonly onProgress: OnProgress;
  /** The servers and the folder go when this program does, however it ends. Else the stack stays. */
  readonly temporary: boolean;
  /** A temporary stack also goes when this program does: `parentToWatch()` for npm. */
  readonly watched?: ServerIdentity | null;
  /** Default 256. */
  readonly kafkaHeapMb?: number;
  /** Default true: quick to start, at a third of the speed. False for measurements. */
  readonly quickJit?: boolean;
  /** After this long without an answer a Redis node counts as failed. Default 2000. */
  readonly redisNodeTimeoutMs?: number;
  /** Has the brokers log each right that is used, and by which rule; default false. */
  readonly traceRights?: boolean;
  /**
   * Has each server send its clients to another port, on which this listens and passes on to the server's own.
   * Called before the servers start; once more, with others, where a port was taken meanwhile.
   */
  readonly startProxies?: (places: readonly ProxyPlace[]) => Promise<void>;
}

const PORT_ATTEMPTS_MAX = 4;
const SERVER_FOLDER = /^(kafka-\d+|redis-\d+|registry|logs|security)$/;

/**
 * Starts Kafka, the registry and a Redis Cluster on free local ports and resolves when all are ready. In a folder
 * where a stack was stopped, that one goes on with its data and its ports. Of several starts at once, one goes on.
 * @throws StackError `already-running` (or being started), `usage` (another form than the data's),
 *   `tools-missing`, `download`, `start` and `timeout`; whatever was started until then has ended.
 */
export async function startStack(options: StartStackOptions): Promise<RunningStack> {
  const lock = StartLock.take(options.directory);
  try {
    return await startLocked(options);
  } finally {
    lock.release();
  }
}

async function startLocked(options: StartStackOptions): Promise<RunningStack> {
  const stateFile = new StateFile(options.directory);
  const previous = resumable(stateFile, options);
  const { tools, jars } = await prepareServers(options.onProgress);
  const files = new ServerFiles(options.directory, tools, jars);
  const reaper = new Reaper({
    directory: options.directory,
    removeDirectory: options.temporary,
    watched: options.watched ?? null,
  });
  try {
    if (previous === undefined) await startFresh(stateFile, files, options);
    else await startAgain(stateFile, files, options, previous);
  } catch (error) {
    await stopStack(options.directory, { quick: true });
    await reaper.release();
    if (options.temporary) await rm(options.directory, { recursive: true, force: true });
    throw error;
  }
  if (!options.temporary) await reaper.release();
  const { temporary } = options;
  return new RunningStack({ stateFile, files, reaper: temporary ? reaper : null, temporary });
}

/** A port may be taken between looking and listening: then all is made anew on other ports. */
async function startFresh(
  stateFile: StateFile,
  files: ServerFiles,
  options: StartStackOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await removeHalfMade(stateFile.directory);
    const state = await freshState(options);
    stateFile.write(state);
    await makeSecurity(stateFile.directory, state.layout);
    await options.startProxies?.(state.layout.proxies ?? []);
    try {
      await startServers(stateFile, files, options.onProgress);
      return;
    } catch (error) {
      const again = error instanceof StackError && error.code === "port-taken" && attempt < PORT_ATTEMPTS_MAX;
      if (!again) throw error;
      options.onProgress("a port was taken meanwhile: once more, on others");
      await stopStack(stateFile.directory, { quick: true });
    }
  }
}

async function startAgain(
  stateFile: StateFile,
  files: ServerFiles,
  options: StartStackOptions,
  previous: StackState,
): Promise<void> {
  const { brokers, registry, redis } = previous.layout;
  const ports = [
    ...brokers.flatMap(({ port, controllerPort, internalPort }) =>
      internalPort === undefined ? [port, controllerPort] : [port, controllerPort, internalPort],
    ),
    registry.port,
    ...redis.flatMap(({ port, clusterPort }) => [port, clusterPort]),
  ];
  const taken = await takenPorts(ports);
  if (taken.length > 0) {
    throw new StackError(
      "start",
      `the data in ${options.directory} belong to port ${taken.join(", ")}, which another program has taken`,
    );
  }
  stateFile.write({ ...previous, ...tuningOf(options), servers: {} });
  await makeSecurity(stateFile.directory, previous.layout);
  await options.startProxies?.(previous.layout.proxies ?? []);
  await startServers(stateFile, files, options.onProgress);
}

function resumable(stateFile: StateFile, options: StartStackOptions): StackState | undefined {
  const state = stateFile.read();
  if (state === undefined) return undefined;
  requireNoneRunning(options.directory, state);
  if (!state.formatted) return undefined;
  const form = formOf(options);
  if (form.proxied !== (state.layout.proxies !== undefined)) {
    throw new StackError(
      "usage",
      `the data in ${options.directory} are of servers with proxies before them, or without: ` +
        `start those, or another stack by --name or --directory`,
    );
  }
  requireSameSecurity(options.directory, form.security, state.layout.security);
  const before = { brokers: state.layout.brokers.length, redisNodes: state.layout.redis.length };
  if (form.brokers !== before.brokers || form.redisNodes !== before.redisNodes) {
    throw new StackError(
      "usage",
      `the data in ${options.directory} are of ${before.brokers} brokers and ${before.redisNodes} Redis nodes: ` +
        `start those, or another stack by --name or --directory`,
    );
  }
  return state;
}

function requireSameSecurity(directory: string, wanted?: StackSecurity, before?: StackSecurity): void {
  if (wanted?.fleet === before?.fleet) return;
  const form = before === undefined ? "without --secure" : `with --secure --fleet ${before.fleet}`;
  throw new StackError(
    "usage",
    `the data in ${directory} are of servers ${form}: start those, or another stack by --name or --directory`,
  );
}

/** Where only some servers run the others cannot be started alone: what a person does then is to stop all. */
function requireNoneRunning(directory: string, { layout, servers }: StackState): void {
  const running = Object.entries(servers).filter(([, identity]) => isRunning(identity));
  if (running.length === 0) return;
  const named = running.map(([name, { pid }]) => `${name} (pid ${pid})`).join(", ");
  const dead = [...layout.brokers, layout.registry, ...layout.redis]
    .map(({ name }) => name)
    .filter((name) => !running.some(([runs]) => runs === name));
  const without = dead.length === 0 ? "" : `, but not ${dead.join(", ")}`;
  throw new StackError(
    "already-running",
    `a stack runs in ${directory}: ${named}${without}; to start it again: ${restartCommands(directory, layout)}`,
  );
}

async function freshState(options: StartStackOptions): Promise<StackState> {
  const form = formOf(options);
  if (form.security !== undefined && form.proxied === true) {
    throw new StackError("usage", "servers that are secured have no proxies before them");
  }
  const layout = layOut(form, await freePorts(portsNeeded(form)));
  return { version: 1, layout, ...tuningOf(options), formatted: false, servers: {} };
}

function formOf(options: StartStackOptions): StackForm {
  return {
    brokers: options.brokers ?? 1,
    redisNodes: options.redisNodes ?? 3,
    proxied: options.startProxies !== undefined,
    security: options.security,
  };
}

function tuningOf(
  options: StartStackOptions,
): Pick<StackState, "kafkaHeapMb" | "quickJit" | "redisNodeTimeoutMs" | "traceRights"> {
  return {
    kafkaHeapMb: options.kafkaHeapMb ?? 256,
    quickJit: options.quickJit ?? true,
    redisNodeTimeoutMs: options.redisNodeTimeoutMs ?? 2000,
    traceRights: options.traceRights ?? false,
  };
}

/** What a start that was cut off has left: none of it is known to be whole. */
async function removeHalfMade(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(directory)) {
    if (SERVER_FOLDER.test(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
}
