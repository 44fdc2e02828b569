import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { identify, type ServerIdentity } from "./lifetime/server-identity.js";
import { restartCommands } from "./restart-commands.js";
import { layOut, portsNeeded, type StackForm } from "./stack-layout.js";
import { stackStatus } from "./stack-status.js";
import { startStack } from "./start-stack.js";
import { StateFile } from "./state-file.js";

const FORM: StackForm = { brokers: 3, redisNodes: 6 };
const ports = Array.from({ length: portsNeeded(FORM) }, (_, index) => index + 1);
const layout = layOut(FORM, ports);

describe("a stack of which servers are dead", () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lastknown-restart-"));
  });

  afterEach(async () => rm(directory, { recursive: true }));

  const write = (servers: Readonly<Record<string, ServerIdentity>>): void => {
    const tuning = { kafkaHeapMb: 256, quickJit: true, redisNodeTimeoutMs: 2000 };
    new StateFile(directory).write({ version: 1, layout, ...tuning, formatted: true, servers });
  };
  const commands = (): string =>
    `lastknown stack down --directory ${directory} && lastknown stack up --directory ${directory} --brokers 3 --redis-nodes 6`;

  it("is not started over the living ones: the refusal names both, and what brings all of them back", async () => {
    const alive = identify(process.pid) as ServerIdentity;
    const dead = { pid: process.pid, startedAt: "before" };
    write({ "kafka-1": alive, "kafka-2": dead });
    const start = startStack({ directory, temporary: false, onProgress: () => undefined });
    const error = await start.then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toMatchObject({ code: "already-running", exitCode: 2 });
    const others = "kafka-2, kafka-3, registry, redis-1, redis-2, redis-3, redis-4, redis-5, redis-6";
    expect(error?.message).toBe(
      `a stack runs in ${directory}: kafka-1 (pid ${process.pid}), but not ${others}; to start it again: ${commands()}`,
    );
  });

  it("has a status that names the same", async () => {
    write({});
    const { healthy, restart } = await stackStatus(directory);
    expect([healthy, restart]).toEqual([false, commands()]);
  });

  it("is named so that a shell takes it for one folder", () => {
    const folder = "/it's a folder/$HOME";
    const [, argument] = /--directory (.*) && /.exec(restartCommands(folder, layout)) ?? [];
    expect(execFileSync("sh", ["-c", `printf %s ${argument}`]).toString()).toBe(folder);
  });
});
