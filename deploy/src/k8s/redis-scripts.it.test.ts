import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { ensureTools, type Tools } from "@lastknown/stack";
import { ROOT } from "../root.js";

jest.setTimeout(180_000);

const run = promisify(execFile);
const SCRIPTS = join(ROOT, "k8s/overlays/dev/redis");
const NODES = [0, 1, 2, 3, 4, 5];
const SCRIPT_BOUND_MS = 120_000;

/** Elsewhere only 127.0.0.1 is an address of the machine's own. */
const describeOnLinux = process.platform === "linux" ? describe : describe.skip;

/**
 * Redis nodes as the pods start them, by the very scripts, each at an address of its own of this machine. In place of
 * the cluster's DNS a `getent` that knows the services; in place of volumes, folders.
 */
describeOnLinux("the Redis Cluster of the overlay dev (Linux)", () => {
  let tools: Tools;
  let folder: string;
  /** Of 127/8, so that the fixed ports are free: 127.77.X.1 for redis-address-0, and so on. */
  const net = `127.77.${100 + (process.pid % 100)}`;
  const addressOf = (index: number): string => `${net}.${index + 1}`;
  const running: ChildProcess[] = [];

  beforeAll(async () => {
    tools = await ensureTools({ onProgress: () => undefined, maven: false });
    folder = await mkdtemp(join(tmpdir(), "lastknown-k8s-redis-"));
    await mkdir(join(folder, "bin"));
    const known = NODES.map((index) => `redis-address-${index}) echo "${addressOf(index)}  $2";;`);
    await writeExecutable("getent", `case "$2" in\n${known.join("\n")}\n*) exit 2;;\nesac\n`);
    // What is named redis-server is it, also where only redis-check-rdb is installed: they are one program.
    const { stdout: program } = await run("sh", ["-c", 'command -v "$0"', tools.redisServer.command]);
    await symlink(program.trim(), join(folder, "bin/redis-server"));
  });
  afterAll(async () => {
    const alive = running.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = alive.map((child) => once(child, "exit"));
    for (const child of alive) child.kill("SIGKILL");
    await Promise.all(ended);
    await rm(folder, { recursive: true, force: true });
  });

  async function writeExecutable(name: string, text: string): Promise<void> {
    const path = join(folder, "bin", name);
    await writeFile(path, `#!/bin/sh\n${text}`);
    await chmod(path, 0o755);
  }

  /** A copy of a script in which the pod's paths are those of this machine. */
  async function scriptWith(name: string, places: Readonly<Record<string, string>>): Promise<string> {
    let text = await readFile(join(SCRIPTS, name), "utf8");
    for (const [inPod, here] of Object.entries(places)) {
      if (!text.includes(inPod)) throw new Error(`${name} does not name ${inPod}`);
      text = text.replaceAll(inPod, here);
    }
    const copy = join(await mkdtemp(join(folder, "script-")), name);
    await writeFile(copy, text);
    return copy;
  }

  const environment = (): NodeJS.ProcessEnv => ({
    PATH: [join(folder, "bin"), dirname(process.execPath), process.env["PATH"]].join(delimiter),
  });

  async function startNode(index: number): Promise<void> {
    const data = join(folder, `redis-${index}`);
    await mkdir(data, { recursive: true });
    const script = await scriptWith("start-redis.sh", {
      "--dir /data": `--dir ${data} --bind ${addressOf(index)}`,
    });
    const child = spawn("sh", [script], {
      env: { ...environment(), POD_NAME: `redis-${index}` },
      stdio: "ignore",
    });
    running.push(child);
  }

  it("is formed by the job of the addresses that stay, which each node announces", async () => {
    for (const index of NODES) await startNode(index);
    const services = NODES.map((index) => `redis-address-${index}`);
    const form = await scriptWith("form-cluster.sh", { "/scripts/": `${SCRIPTS}/` });
    const { stdout } = await run("sh", [form, ...services], { env: environment(), timeout: SCRIPT_BOUND_MS });
    expect(stdout).toMatch(/the Redis Cluster of 6 nodes is whole\n$/);
    const { stdout: nodes } = await run(tools.redisCli, ["-h", addressOf(3), "cluster", "nodes"]);
    const announced = [...nodes.matchAll(/^\S+ ([\d.]+):6379@16379/gm)].map(([, address]) => address);
    expect(new Set(announced)).toEqual(new Set(NODES.map(addressOf)));
    expect(nodes.match(/\b(master|slave)\b/g)?.toSorted()).toEqual([
      ...Array.from({ length: 3 }, () => "master"),
      ...Array.from({ length: 3 }, () => "slave"),
    ]);
  });

  it("has a node fail, to be started again, while its service has no address", async () => {
    const started = run("sh", [join(SCRIPTS, "start-redis.sh")], {
      env: { ...environment(), POD_NAME: "redis-9" },
      timeout: SCRIPT_BOUND_MS,
    });
    await expect(started).rejects.toMatchObject({
      code: 1,
      stderr: "the service redis-address-9 has no address yet\n",
    });
  });
});
