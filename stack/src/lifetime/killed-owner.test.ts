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

/** A reaper goes through its list for a second; whatever lives longer must be in it. */
const FORMAT_SECONDS = 3;

/** An owner of the stack, with its reaper, that says "ready" and then does what the code says. */
function startOwner(directory: string, doing: string): ReturnType<typeof spawn> {
  const code = `
    import { Reaper } from ${built("lifetime/reaper.js")};
    import { StateFile } from ${built("state-file.js")};
    const directory = ${JSON.stringify(directory)};
    const stateFile = new StateFile(directory);
    new Reaper({ directory, removeDirectory: true, watched: null });
    console.log("ready");
    ${doing}`;
  return spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "ignore"],
  });
}

function built(path: string): string {
  return JSON.stringify(fileURLToPath(new URL(`../../dist/${path}`, import.meta.url)));
}

/** One program after another as fast as it goes, each in a folder of the stack. */
const LAUNCHING = `
    const { launchServer } = await import(${built("lifetime/launch-server.js")});
    const launch = { command: "sleep", args: ["120"], cwd: directory, logFile: directory + "/logs/a.log" };
    for (let number = 0; number < 2000; number += 1) {
      launchServer(launch, (identity) => stateFile.note("redis-" + number, identity));
    }`;

/** Formats the brokers' folders with a tool that makes its folder again at its end, as Kafka's does. */
const FORMATTING = `
    const { formatBrokers } = await import(${built("servers/kafka.js")});
    const { ServerFiles } = await import(${built("servers/server-files.js")});
    const { writeFileSync } = await import("node:fs");
    const java = directory + "/java";
    const format = 'cd "' + directory + '/kafka-1"; sleep ${FORMAT_SECONDS}; mkdir -p "' + directory + '/kafka-1/log"';
    writeFileSync(java, "#!/bin/sh\\n" + format + "\\n", { mode: 0o755 });
    const files = new ServerFiles(directory, { java }, { kafkaClassPath: "none" });
    await formatBrokers(stateFile.read(), stateFile, files);`;

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
  const owner = startOwner(directory, LAUNCHING);
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

onLinux("an owner that is killed while brokers' folders are formatted leaves nothing", async () => {
  const directory = await newStack();
  const owner = startOwner(directory, FORMATTING);
  try {
    await once(owner.stdout!, "data");
    const deadlineMs = performance.now() + GONE_BOUND_MS;
    while (workingIn(directory).length === 0 && performance.now() < deadlineMs) await sleep(20);
    expect(workingIn(directory)).not.toEqual([]);
    owner.kill("SIGKILL");
    while (existsSync(directory) && performance.now() < deadlineMs) await sleep(20);
    await sleep(1000 * (FORMAT_SECONDS + 1));
    expect({ pids: workingIn(directory), folder: existsSync(directory) }).toEqual({
      pids: [],
      folder: false,
    });
  } finally {
    for (const pid of workingIn(directory)) process.kill(pid, "SIGKILL");
    await rm(directory, { recursive: true, force: true });
  }
});
