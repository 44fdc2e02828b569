import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { DEMO_TEST_BOUND_MS, DemoRun } from "./harness/demo-run.js";

jest.setTimeout(DEMO_TEST_BOUND_MS);

/** All servers and, at the end of the demo, two workers and the query service. */
const SERVERS = 5;
const ALL = SERVERS + 3;

const runs: DemoRun[] = [];
let folder: string;
/** A file of few rows, for the tests that have to see the demo's end. */
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lastknown-demo-file-"));
  file = join(folder, "rows.csv");
  const rows = Array.from(
    { length: 60 },
    (_, index) =>
      `bus-${index % 3},2024-03-10T06:00:${String(index).padStart(2, "0")}Z,2024-03-10T06:01:${String(index).padStart(2, "0")}Z,${index}`,
  );
  await writeFile(file, ["device_id,time_stamp,sts,speed", ...rows, ""].join("\n"));
});
afterEach(async () => {
  await Promise.all(runs.splice(0).map((run) => run.close()));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(...args: Parameters<typeof DemoRun.start>): Promise<DemoRun> {
  const run = await DemoRun.start(...args);
  runs.push(run);
  return run;
}

async function startedAtLeast(run: DemoRun, count: number): Promise<void> {
  await run.said(/starting Kafka/);
  const deadlineMs = performance.now() + 60_000;
  while (run.startedCount < count && performance.now() < deadlineMs) await pause(20);
  expect(run.startedCount).toBeGreaterThanOrEqual(count);
}

// What was started is found by /proc.
const onLinux = process.platform === "linux" ? describe : describe.skip;

onLinux("nothing is left of npm run demo", () => {
  it("after a SIGKILL of npm while it builds", async () => {
    const run = await start("session of its own");
    await run.said(/^building/);
    await run.signal("npm", "SIGKILL");
    await run.allGone();
    expect(run.startedCount).toBe(0);
  });

  it("after Ctrl-C while the servers start", async () => {
    const run = await start("terminal");
    await startedAtLeast(run, 1);
    run.interrupt();
    await run.said(/stopping everything/);
    await run.allGone();
  });

  it("after a SIGKILL of npm while the servers start", async () => {
    const run = await start("session of its own");
    await startedAtLeast(run, 2);
    await run.signal("npm", "SIGKILL");
    await run.allGone();
  });

  it("after a server died while it was being started", async () => {
    const run = await start("terminal");
    await startedAtLeast(run, 1);
    await run.signal("redis", "SIGKILL");
    await run.said(/lastknown: redis-\d ended while it was being started/);
    await run.allGone();
  });

  it("after Ctrl-C twice while rows are replayed", async () => {
    const run = await start("terminal");
    await run.said(/^replaying at /);
    await startedAtLeast(run, ALL);
    run.interrupt();
    await pause(100);
    run.interrupt();
    await run.allGone();
  });

  it("after a SIGKILL of the demo itself while rows are replayed", async () => {
    const run = await start("terminal");
    await run.said(/^replaying at /);
    await startedAtLeast(run, ALL);
    await run.signal("demo", "SIGKILL");
    await run.allGone();
  });

  it("after a worker died before it was ready", async () => {
    const run = await start("terminal", file, "--speed", "max");
    await run.signal("worker", "SIGKILL");
    await run.said(/lastknown: worker-\d ended with SIGKILL/);
    await run.allGone();
  });

  it("after a SIGTERM to npm while it waits for Ctrl-C", async () => {
    const run = await start("session of its own", file, "--speed", "max");
    await run.said(/Try it, until Ctrl-C/);
    expect(run.startedCount).toBe(ALL);
    await run.signal("npm", "SIGTERM");
    await run.allGone();
  });
});
