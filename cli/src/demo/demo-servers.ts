import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSettings, settingsTable, type Settings, type SettingUser } from "@lastknown/shared/settings";
import { parentToWatch, startStack, type RunningStack } from "@lastknown/stack";
import { createFleet } from "../fleet/create-fleet.js";
import { say, type Terminal } from "../output/terminal.js";
import type { DemoLifetime } from "./demo-lifetime.js";
import { DemoProcess } from "./demo-process.js";
import { freePorts } from "./free-ports.js";
import { step } from "./step.js";

const WORKERS = 2;
const READY_BOUND_MS = 60_000;

/** What runs while the demo does. */
export interface DemoServers {
  readonly settings: Settings;
  /** Flags that point a replay at the servers. */
  readonly replayFlags: readonly string[];
  readonly directory: string;
  readonly queryPort: number;
  readonly workerPorts: readonly number[];
  readonly queryOperationsPort: number;
  /** Lets a process that leads a group of its own go when the demo does, however that ends. */
  readonly adopt: (name: string, pid: number) => void;
  /** Throws if one of the processes has ended. */
  readonly requireRunning: () => void;
}

/** Starts the stack, the fleet, two workers and the query service; all of it ends with the demo's lifetime. */
export async function startDemoServers(terminal: Terminal, lifetime: DemoLifetime): Promise<DemoServers> {
  const stack = await startDemoStack(terminal, lifetime);
  const [queryPort = 0, queryOperationsPort = 0, ...workerPorts] = await freePorts(2 + WORKERS);
  const at = { ...stack.environment, LASTKNOWN_QUERY_PORT: String(queryPort) };
  const settings = loadSettings({ flags: settingsAt(at) });
  await step(terminal, "creating topics and schemas", () => createFleet(settings));

  const adopt = (name: string, pid: number): void => stack.adopt(name, pid);
  const log = (name: string): string => join(stack.directory, "logs", `${name}.log`);
  const start = (name: string, user: SettingUser, args: string[]): DemoProcess => {
    const onPid = (pid: number): void => adopt(name, pid);
    const all = [...args, ...flagsAt(at, user)];
    const started = new DemoProcess({ name, args: all, logFile: log(name), onPid });
    lifetime.onEnd(() => started.stop());
    return started;
  };
  const view = ["--data-directory", join(stack.directory, "view")];
  const query = start("query", "query", ["query", "--operations-port", String(queryOperationsPort), ...view]);
  const workers = workerPorts.map((port, index) =>
    start(`worker-${index + 1}`, "worker", ["consume", "--operations-port", String(port)]),
  );
  await step(terminal, "starting two workers and the query service", async () => {
    await query.ready(queryOperationsPort, READY_BOUND_MS);
    await Promise.all(workers.map((worker, index) => worker.ready(workerPorts[index] ?? 0, READY_BOUND_MS)));
  });
  const requireRunning = (): void => [query, ...workers].forEach((started) => started.requireRunning());
  const replayFlags = flagsAt(at, "replay");
  return {
    settings,
    replayFlags,
    directory: stack.directory,
    queryPort,
    workerPorts,
    queryOperationsPort,
    adopt,
    requireRunning,
  };
}

async function startDemoStack(terminal: Terminal, lifetime: DemoLifetime): Promise<RunningStack> {
  const directory = join(tmpdir(), `lastknown-demo-${randomBytes(6).toString("hex")}`);
  const stack = await startStack({
    directory,
    onProgress: (line) => say(terminal, line),
    temporary: true,
    watched: parentToWatch(),
  });
  lifetime.onEnd(() => stack.stop());
  return stack;
}

/** Variables as flags of such a process: a flag beats whatever the environment says of other servers. */
function flagsAt(variables: Readonly<Record<string, string>>, user: SettingUser): string[] {
  return settingsTable.flatMap(({ flag, environment, usedBy }) => {
    const value = variables[environment];
    return value === undefined || !usedBy.includes(user) ? [] : [flag, value];
  });
}

/** The same by the settings' names. */
function settingsAt(variables: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return Object.fromEntries(settingsTable.map(({ name, environment }) => [name, variables[environment]]));
}
