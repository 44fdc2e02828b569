import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";

// Node refuses named imports that jest and the compiler accept, so the program is also run as it is installed.
const BIN = fileURLToPath(new URL("../bin/lastknown.js", import.meta.url));

function lastknown(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [BIN, ...args], { encoding: "utf8", timeout: 60_000 });
}

describe("the built program", () => {
  test("prints its help and loads no vendor for it", () => {
    const { status, stdout, stderr } = lastknown("--help");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Usage: lastknown/);
  });

  test("loads every package behind its commands", () => {
    expect(lastknown("replay", "--help").status).toBe(0);
    const sample = lastknown("sample", "--rows", "3");
    expect(sample.stdout.trimEnd().split("\n")).toHaveLength(4);
    const dead = [
      "--kafka-brokers",
      "127.0.0.1:1",
      "--redis-nodes",
      "127.0.0.1:1",
      "--redis-ready-deadline-ms",
      "200",
    ];
    const { status, stderr } = lastknown("lag", ...dead);
    expect(status).toBe(4);
    expect(stderr).toMatch(/127\.0\.0\.1:1/);
  }, 120_000);

  test("consume waits for servers that are away until SIGTERM, which ends it at once", async () => {
    const flags = [
      "--kafka-brokers",
      "127.0.0.1:1",
      "--redis-nodes",
      "127.0.0.1:1",
      "--operations-port",
      "0",
    ];
    const worker = spawn(process.execPath, [BIN, "consume", ...flags]);
    const ended = once(worker, "exit");
    await new Promise<void>((resolve) => {
      worker.stderr.on("data", (chunk: Buffer) => {
        if (chunk.includes("waiting for a server")) resolve();
      });
    });
    const toldMs = performance.now();
    worker.kill("SIGTERM");
    expect(await ended).toEqual([143, null]);
    expect(performance.now() - toldMs).toBeLessThan(3000);
  }, 60_000);

  test("ends with 2 and one line where the call is wrong", () => {
    const { status, stderr } = lastknown("lag", "--jsn");
    expect(status).toBe(2);
    expect(stderr).toMatch(/^lastknown: unknown option '--jsn' \(Did you mean --json\?\)[^\n]*\n$/);
  });
});
