import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { ensureTools, freePorts, type Tools } from "@lastknown/stack";
import { ROOT } from "../root.js";
import { readComposeFile } from "./compose-file.js";

jest.setTimeout(180_000);

const run = promisify(execFile);
const NODES = 6;
/** The port of a node's bus is so much higher, and must not be one that the system takes for outgoing connections. */
const BUS_OFFSET = 10_000;
const OUTGOING_PORTS_FROM = 32_768;
const SCRIPT_BOUND_MS = 90_000;
const ANSWER_BOUND_MS = 20_000;

describe("the Redis Cluster of docker-compose.yml", () => {
  let tools: Tools;
  let folder: string;
  let ports: number[];
  let running: ChildProcess[] = [];

  beforeAll(async () => {
    tools = await ensureTools({ onProgress: () => undefined, maven: false });
    folder = await mkdtemp(join(tmpdir(), "lastknown-compose-redis-"));
    const free = await freePorts(NODES * 6);
    ports = free.filter((port) => port + BUS_OFFSET < OUTGOING_PORTS_FROM).slice(0, NODES);
  });
  afterAll(async () => {
    await stopAll("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  /** By the very command of the file, but for where it listens and where its data are. */
  async function startAll(): Promise<void> {
    const [, ...args] = readComposeFile().services["redis-1"]?.command ?? [];
    const { command, argv0 } = tools.redisServer;
    for (const port of ports) {
      const data = join(folder, String(port));
      await mkdir(data, { recursive: true });
      const own = args.map((arg) => (arg === "/data" ? data : arg));
      const place = ["--port", String(port), "--bind", "127.0.0.1"];
      running.push(spawn(command, [...own, ...place], { argv0, stdio: "ignore" }));
    }
    for (const port of ports) await answering(port);
  }

  async function stopAll(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const alive = running.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = alive.map((child) => once(child, "exit"));
    for (const child of alive) child.kill(signal);
    await Promise.all(ended);
    running = [];
  }

  async function ask(port: number | undefined, ...command: string[]): Promise<string> {
    return (await run(tools.redisCli, ["-p", String(port), ...command])).stdout;
  }

  async function answering(port: number): Promise<void> {
    const deadlineMs = performance.now() + ANSWER_BOUND_MS;
    while (!(await ask(port, "ping").catch(() => "")).startsWith("PONG")) {
      if (performance.now() > deadlineMs) throw new Error(`Redis at ${port} does not answer`);
      await pause(100);
    }
  }

  async function createCluster(): Promise<string> {
    const script = join(ROOT, "deploy/compose/create-redis-cluster.sh");
    const nodes = ports.map((port) => `127.0.0.1:${port}`);
    return (await run("sh", [script, ...nodes], { timeout: SCRIPT_BOUND_MS })).stdout;
  }

  it("is made once, of three masters with a replica each, and is whole again after all were stopped", async () => {
    await startAll();
    const [first] = ports;
    expect(await createCluster()).toMatch(/the Redis Cluster of 6 nodes is whole\n$/);
    const flags = (await ask(first, "cluster", "nodes")).match(/\b(master|slave)\b/g);
    expect(flags?.toSorted()).toEqual(["master", "master", "master", "slave", "slave", "slave"]);
    await run(tools.redisCli, ["-c", "-p", String(first), "set", "kept", "yes"]);

    expect(await createCluster()).toBe("the Redis Cluster of 6 nodes is whole\n");
    await stopAll("SIGTERM");
    await startAll();
    expect(await createCluster()).toBe("the Redis Cluster of 6 nodes is whole\n");
    expect((await run(tools.redisCli, ["-c", "-p", String(first), "get", "kept"])).stdout).toContain("yes");
  });
});
