import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "@jest/globals";
import { layOut, portsNeeded, type StackState } from "../stack-layout.js";
import { StateFile } from "../state-file.js";

/** A launch that could be missed was missed in two kills of five. */
const KILLS = 12;
const SIDE_BY_SIDE = 4;
/** The owner starts hundreds of programs meanwhile, so that nearly every kill comes in the middle of a launch. */
const KILLED_WITHIN_MS = 200;
const GONE_BOUND_MS = 20_000;

/** Starts one program after another as fast as it goes, each in a folder of the stack. */
function startOwner(directory: string): ReturnType<typeof spawn> {
  const built = (path: string): string =>
    JSON.stringify(fileURLToPath(new URL(`../../dist/${path}`, import.meta.url)));
  const code = `
    import { launchServer } from ${built("lifetime/launch-server.js")};
    import { Reaper } from ${built("lifetime/reaper.js")};
    import { StateFile } from ${built("state-file.js")};
    const directory = ${JSON.stringify(directory)};
    const stateFile = new StateFile(directory);
    new Reaper({ directory, removeDirectory: true, watched: null });
    console.log("ready");
    const launch = { command: "sleep", args: ["120"], cwd: directory, logFile: directory + "/logs/a.log" };
    for (let number = 0; number < 2000; number += 1) {
      launchServer(launch, (identity) => stateFile.note("redis-" + number, identity));
    }`;
  return spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "ignore"],
  });
}

async function newStack(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "lastknown-killed-owner-"));
  const form = { brokers: 1, redisNodes: 3 } as const;
  const ports = Array.from({ length: portsNeeded(form) }, (_, index) => 20_000 + index);
  const tuning = { kafkaHeapMb: 256, quickJit: true, redisNodeTimeoutMs: 2000 };
  const state: StackState = {
    version: 1,
    layout: layOut(form, ports),
    ...tuning,
    formatted: true,
    servers: {},
  };
  new StateFile(directory).write(state);
  return directory;
}

/** The programs that work in the folder, or did when it was still there. */
function workingIn(directory: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readlinkSync(`/proc/${name}/cwd`).startsWith(directory);
      } catch {
        // It has ended, or is another user's.
        return false;
      }
    })
    .map(Number);
}

/** @returns what is left, once nothing is or the bound is over */
async function killAtAnInstant(): Promise<{ pids: number[]; folder: boolean; started: boolean }> {
  const directory = await newStack();
  const owner = startOwner(directory);
  try {
    await once(owner.stdout!, "data");
    await sleep(Math.random() * KILLED_WITHIN_MS);
    const started = workingIn(directory).length > 0;
    owner.kill("SIGKILL");
    const deadlineMs = performance.now() + GONE_BOUND_MS;
    const left = (): boolean => existsSync(directory) || workingIn(directory).length > 0;
    while (left() && performance.now() < deadlineMs) await sleep(100);
    return { pids: workingIn(directory), folder: existsSync(directory), started };
  } finally {
    for (const pid of workingIn(directory)) process.kill(pid, "SIGKILL");
    await rm(directory, { recursive: true, force: true });
  }
}

// What was started is found by /proc.
const onLinux = process.platform === "linux" ? it : it.skip;

onLinux("an owner that is killed at any instant of its starts leaves no server and no folder", async () => {
  let started = 0;
  for (let kills = 0; kills < KILLS; kills += SIDE_BY_SIDE) {
    const ends = await Promise.all(Array.from({ length: SIDE_BY_SIDE }, killAtAnInstant));
    expect(ends.map(({ pids, folder }) => ({ pids, folder }))).toEqual(
      ends.map(() => ({ pids: [], folder: false })),
    );
    started += ends.filter((end) => end.started).length;
  }
  expect(started).toBeGreaterThan(0);
});
