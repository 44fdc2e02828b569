import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { kafkaTool } from "./kafka-tool.js";
import { endServers } from "./lifetime/end-servers.js";
import { Reaper } from "./lifetime/reaper.js";
import { isRunning, type ServerIdentity } from "./lifetime/server-identity.js";
import type { RunningStack } from "./running-stack.js";
import { redisCommand } from "./servers/redis-commands.js";
import { startStack } from "./start-stack.js";
import { stackStatus } from "./stack-status.js";
import { StateFile } from "./state-file.js";
import { stopStack } from "./stop-stack.js";

jest.setTimeout(120_000);

const built = fileURLToPath(new URL("../dist/index.js", import.meta.url));
const GONE_BOUND_MS = 20_000;

async function newDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), "lastknown-stack-test-"));
}

function serversOf(directory: string): ServerIdentity[] {
  return Object.values(new StateFile(directory).read()?.servers ?? {});
}

/** A program of its own that starts a small temporary stack and then does nothing, as the demo does. */
function startOwner(directory: string): ChildProcess {
  const code = `
    import { startStack } from ${JSON.stringify(built)};
    await startStack({ directory: ${JSON.stringify(directory)}, temporary: true, onProgress: () => undefined });
    console.log("ready");
    setInterval(() => undefined, 1000);`;
  return spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "ignore"],
  });
}

async function until(condition: () => boolean, boundMs: number): Promise<boolean> {
  const startedMs = performance.now();
  while (!condition() && performance.now() - startedMs < boundMs) await sleep(50);
  return condition();
}

describe("three brokers and six Redis nodes", () => {
  let directory: string;
  let stack: RunningStack;

  beforeAll(async () => {
    directory = await newDirectory();
    stack = await startStack({
      directory,
      temporary: true,
      brokers: 3,
      redisNodes: 6,
      redisNodeTimeoutMs: 1000,
      onProgress: () => undefined,
    });
  });

  afterAll(() => stack?.stop());

  it("are all healthy once started", async () => {
    const { healthy, servers } = await stackStatus(directory);
    expect(servers.filter((server) => !server.healthy)).toEqual([]);
    expect(healthy).toBe(true);
    expect(servers).toHaveLength(10);
  });

  it("have each replica linked, and each node knows it, at the moment of the return", async () => {
    for (const address of stack.addresses.redisNodes) {
      const nodes = await redisCommand(Number(address.split(":")[1]), ["CLUSTER", "NODES"], 2_000);
      expect(nodes.match(/ (myself,)?slave /g)).toHaveLength(3);
      expect(nodes.match(/ (myself,)?master /g)).toHaveLength(3);
    }
  });

  it("are one quorum that keeps a topic three times", async () => {
    const bootstrap = ["--bootstrap-server", stack.addresses.kafkaBrokers[0] ?? ""];
    const create = ["--create", "--topic", "t", "--partitions", "3", "--replication-factor", "3"];
    const className = "org.apache.kafka.tools.TopicCommand";
    expect((await kafkaTool(className, [...bootstrap, ...create])).exitCode).toBe(0);
    const described = await kafkaTool(className, [...bootstrap, "--describe", "--topic", "t"]);
    expect(described.stdout.toString("utf8").match(/Isr: \d,\d,\d/g)).toHaveLength(3);
  });

  it("tell a stopped broker and a killed node from healthy ones, and take a restarted one back", async () => {
    const [stopped, killed] = [stack.node("kafka-2"), stack.node("redis-4")];
    stopped.signal("SIGSTOP");
    killed.signal("SIGKILL");
    expect(await until(() => !killed.isRunning(), GONE_BOUND_MS)).toBe(true);
    const { servers } = await stackStatus(directory);
    stopped.signal("SIGCONT");
    const unwell = servers.filter((server) => !server.healthy);
    expect(unwell.map(({ name }) => name)).toEqual(expect.arrayContaining(["kafka-2", "redis-4"]));
    expect(servers.find(({ name }) => name === "redis-4")?.pid).toBeNull();

    const before = stack.node("kafka-3").pid;
    await Promise.all([stack.restartNode("redis-4"), stack.restartNode("kafka-3")]);
    expect(stack.node("kafka-3").pid).not.toBe(before);
    expect((await stackStatus(directory)).servers.filter((server) => !server.healthy)).toEqual([]);
  });

  it("stand beside another stack, whose owner's kill -9 leaves nothing of that one alone", async () => {
    const other = await newDirectory();
    const owner = startOwner(other);
    await new Promise((resolve) => owner.stdout?.once("data", resolve));
    const ofOther = serversOf(other);
    expect(ofOther.filter(isRunning)).toHaveLength(5);
    owner.kill("SIGKILL");
    expect(await until(() => !ofOther.some(isRunning) && !existsSync(other), GONE_BOUND_MS)).toBe(true);
    expect((await stackStatus(directory)).healthy).toBe(true);
  });

  it("are gone after the stop, and so is their folder", async () => {
    const servers = serversOf(directory);
    expect(servers.filter(isRunning)).toHaveLength(10);
    await stack.stop();
    expect(servers.filter(isRunning)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
  });
});

describe("a stack", () => {
  it("whose owner is killed halfway through the start leaves nothing", async () => {
    const directory = await newDirectory();
    const owner = startOwner(directory);
    expect(await until(() => serversOf(directory).length >= 2, GONE_BOUND_MS)).toBe(true);
    owner.kill("SIGKILL");
    const started = serversOf(directory);
    expect(await until(() => !started.some(isRunning) && !existsSync(directory), GONE_BOUND_MS)).toBe(true);
  });

  it("that two start at one moment is started by one, and refused to the other", async () => {
    const options = { directory: await newDirectory(), temporary: true, onProgress: () => undefined };
    const refusal: unknown[] = [];
    const start = (): Promise<RunningStack | undefined> =>
      startStack(options).catch((error: unknown) => void refusal.push(error));
    const stacks = await Promise.all([start(), start()]);
    for (const stack of stacks) await stack?.stop();
    expect(refusal).toEqual([expect.objectContaining({ code: "already-running", exitCode: 2 })]);
  });

  it("that shall stay starts over what was cut off, and goes on with its schemas, its data and its ports after a stop", async () => {
    const directory = await newDirectory();
    const options = { directory, temporary: false, onProgress: () => undefined };
    // Should this test be killed, the stack that shall stay must not.
    const guard = new Reaper({ directory, removeDirectory: true, watched: null });
    await mkdir(join(directory, "redis-1"));
    await writeFile(join(directory, "redis-1", "nodes.conf"), "cut off");
    try {
      const first = await startStack(options);
      const { redisNodes, registryUrl } = first.addresses;
      await registerSchema(registryUrl);
      await expect(startStack(options)).rejects.toMatchObject({ code: "already-running", exitCode: 2 });
      expect(await stopStack(directory)).toHaveLength(5);
      await expect(startStack({ ...options, redisNodes: 6 })).rejects.toMatchObject({ code: "usage" });

      const second = await startStack(options);
      expect(second.addresses.redisNodes).toEqual(redisNodes);
      const subjects = await fetch(`${registryUrl}/subjects`);
      expect(await subjects.json()).toEqual(["a-value"]);
    } finally {
      await endServers(serversOf(directory), 0);
      await guard.release();
      await rm(directory, { recursive: true, force: true });
    }
  });
});

async function registerSchema(registryUrl: string): Promise<void> {
  const answer = await fetch(`${registryUrl}/subjects/a-value/versions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ schema: JSON.stringify({ type: "record", name: "A", fields: [] }) }),
  });
  if (!answer.ok) throw new Error(`the registry answers ${answer.status}`);
}
