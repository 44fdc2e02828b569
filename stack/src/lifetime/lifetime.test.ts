import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, describe, expect, it } from "@jest/globals";
import { layOut, portsNeeded, type StackState } from "../stack-layout.js";
import { StateFile } from "../state-file.js";
import { stopStack } from "../stop-stack.js";
import { endServers } from "./end-servers.js";
import { launchServer } from "./launch-server.js";
import { reap, RELEASE } from "./reap.js";
import {
  identify,
  isRunning,
  type ServerIdentity,
  signalServer,
  startOfStatLine,
} from "./server-identity.js";

const children: ChildProcess[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A program in a group of its own that says when it is ready to take signals. */
async function start(code = "setInterval(() => undefined, 1000);"): Promise<ServerIdentity> {
  const child = spawn(process.execPath, ["-e", `${code}; console.log("ready");`], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(child);
  await once(child.stdout, "data");
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error("the program did not start");
  return identity;
}

const DEAF = "process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000);";

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lastknown-lifetime-"));
  folders.push(folder);
  return folder;
}

async function stackWith(servers: Record<string, ServerIdentity>): Promise<string> {
  const directory = await newFolder();
  const form = { brokers: 1, redisNodes: 3 } as const;
  const ports = Array.from({ length: portsNeeded(form) }, (_, index) => 20_000 + index);
  const tuning = { kafkaHeapMb: 256, quickJit: true, redisNodeTimeoutMs: 2000 };
  const state: StackState = { version: 1, layout: layOut(form, ports), ...tuning, formatted: true, servers };
  new StateFile(directory).write(state);
  return directory;
}

/** The pid of a running program with another's start: what a state file holds once the pid has been used again. */
function earlierOwnerOf(server: ServerIdentity): ServerIdentity {
  return { ...server, startedAt: `${server.startedAt}0` };
}

describe("an identity", () => {
  it("holds while the program runs, and ends with it", async () => {
    const server = await start();
    expect(isRunning(server)).toBe(true);
    expect(signalServer(server, "SIGKILL")).toBe(true);
    expect(await endServers([server], 0)).toEqual([]);
    expect(isRunning(server)).toBe(false);
    expect(signalServer(server, "SIGKILL")).toBe(false);
  });

  it("is not that of a program that got the same pid later: it is not signalled", async () => {
    const server = await start();
    expect(signalServer(earlierOwnerOf(server), "SIGKILL")).toBe(false);
    await endServers([earlierOwnerOf(server)], 0);
    expect(isRunning(server)).toBe(true);
  });

  it("is read behind a name that holds spaces and parentheses, and is none for a zombie", () => {
    const rest = "1 7 7 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
    expect(startOfStatLine(`7 (a) S (b) S ${rest}`, "boot")).toBe("boot:4711");
    expect(startOfStatLine(`7 (a) Z ${rest}`, "boot")).toBeUndefined();
  });
});

describe("a launch", () => {
  it("of a command that does not exist is an error, not a crash", async () => {
    const cwd = await newFolder();
    const launch = { command: join(cwd, "absent"), args: [], cwd, logFile: join(cwd, "logs/a.log") };
    expect(() => launchServer(launch, () => undefined)).toThrow("cannot run");
  });

  it("puts the server into a group of its own and its words into the log", async () => {
    const cwd = await newFolder();
    const launch = { command: "sleep", args: ["60"], cwd, logFile: join(cwd, "logs/a.log") };
    const server = launchServer(launch, () => undefined);
    try {
      expect(() => process.kill(-server.pid, 0)).not.toThrow();
    } finally {
      await endServers([server], 0);
    }
    expect(await readdir(join(cwd, "logs"))).toEqual(["a.log"]);
  });
});

describe("ending servers", () => {
  it("kills one that does not hear SIGTERM, after the grace", async () => {
    const deaf = await start(DEAF);
    const startedMs = performance.now();
    expect(await endServers([deaf], 200)).toEqual([]);
    expect(performance.now() - startedMs).toBeGreaterThan(200);
  });

  it("lets one that hears it end by itself, also when it is stopped", async () => {
    const polite = await start(
      "process.on('SIGTERM', () => process.exit(0)); setInterval(() => undefined, 1000);",
    );
    const child = children.at(-1);
    process.kill(polite.pid, "SIGSTOP");
    await endServers([polite], 5_000);
    expect(child?.exitCode ?? (await once(child as ChildProcess, "exit"))[0]).toBe(0);
  });
});

describe("stopping a stack", () => {
  it("ends what its list names and nothing else", async () => {
    const [listed, stranger, reused] = await Promise.all([start(), start(), start()]);
    const directory = await stackWith({ "kafka-1": listed, "redis-1": earlierOwnerOf(reused) });
    expect(await stopStack(directory, { quick: true })).toEqual(["kafka-1"]);
    expect([listed, stranger, reused].map(isRunning)).toEqual([false, true, true]);
    expect(new StateFile(directory).read()?.servers).toEqual({});
  });

  it("finds nothing to do where there is none", async () => {
    expect(await stopStack(await newFolder())).toEqual([]);
  });
});

describe("the reaper", () => {
  it("ends the servers and removes the folder when its input ends", async () => {
    const server = await start();
    const directory = await stackWith({ registry: server });
    const input = new PassThrough();
    const reaped = reap({ directory, removeDirectory: true, watched: null }, input);
    input.resume().end();
    expect(await reaped).toBe(1);
    expect(isRunning(server)).toBe(false);
    await expect(readdir(directory)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("does the same when the watched program ends, though its input stays open", async () => {
    const [server, watched] = await Promise.all([start(), start()]);
    const directory = await stackWith({ registry: server });
    const reaped = reap({ directory, removeDirectory: false, watched }, new PassThrough());
    signalServer(watched, "SIGKILL");
    expect(await reaped).toBe(1);
    expect(await readdir(directory)).toEqual(["stack.json"]);
  });

  it("leaves all as it is after a release", async () => {
    const server = await start();
    const directory = await stackWith({ registry: server });
    const input = new PassThrough();
    const reaped = reap({ directory, removeDirectory: true, watched: null }, input);
    input.end(`${RELEASE}\n`);
    expect(await reaped).toBe(0);
    expect(isRunning(server)).toBe(true);
    expect(new StateFile(directory).read()).toBeDefined();
  });
});
