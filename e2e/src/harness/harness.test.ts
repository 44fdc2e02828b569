import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChildProcess } from "./child-process.js";
import { freePorts } from "./free-ports.js";
import { runLastknown, runLastknownWell, Service, startLastknown } from "./lastknown.js";
import { TestFleet } from "./test-fleet.js";
import { waitUntil } from "./wait-until.js";

/** Stands in for the built command: does what its first argument says. */
const STAND_IN = `
import { createServer } from "node:http";
const [command] = process.argv.slice(2);
const { LASTKNOWN_FLEET, LASTKNOWN_OPERATIONS_PORT, LASTKNOWN_QUERY_PORT } = process.env;
const looks = { topics: () => console.log("made", LASTKNOWN_FLEET), fail: () => { console.error("no use"); process.exit(2); } };
if (command === "lag") {
  let lag = 3;
  setInterval(() => console.log(JSON.stringify({ lag: Math.max(0, lag--), viewLag: LASTKNOWN_QUERY_PORT === "1" ? null : 0 })), 20);
} else if (command === "consume" || command === "query") {
  const startedAt = Date.now();
  const answer = (request, response) => response.writeHead(Date.now() - startedAt > 300 ? 200 : 503).end();
  const server = createServer(answer).listen(Number(LASTKNOWN_OPERATIONS_PORT), "127.0.0.1");
  process.on("SIGTERM", () => { console.error("drained"); server.close(); server.closeAllConnections(); });
} else if (command === "deaf") {
  process.on("SIGTERM", () => {});
  console.log("listening");
  setInterval(() => {}, 1000);
} else if (command === "echo") {
  process.stdin.pipe(process.stdout);
} else {
  looks[command]();
}
`;

let folder = "";
let bin = "";
const started: ChildProcess[] = [];
const fleets: TestFleet[] = [];

// Each test starts several processes, on a machine that may be busy with others.
jest.setTimeout(60_000);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "harness-test-"));
  bin = join(folder, "stand-in.mjs");
  await writeFile(bin, STAND_IN);
});

afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.close()));
  await Promise.all(started.splice(0).map((child) => child.kill("SIGKILL")));
  await rm(folder, { recursive: true });
});

const start = (...args: string[]): ChildProcess => {
  const child = startLastknown(args, { bin, environment: process.env });
  started.push(child);
  return child;
};

describe("running a command", () => {
  it("gives its exit code and what it printed, and fails where it has to end well", async () => {
    const failed = await runLastknown(["fail"], { bin, environment: {} });
    expect(failed).toEqual({ exitCode: 2, signal: null, stdout: "", stderr: "no use" });
    await expect(runLastknownWell(["fail"], { bin, environment: {} })).rejects.toThrow(
      "ended with 2: no use",
    );
    const echoed = await runLastknownWell(["echo"], { bin, environment: {}, input: "a\nb\n" });
    expect(echoed.stdout).toBe("a\nb");
  });

  it("ends one that takes too long", async () => {
    await expect(runLastknown(["deaf"], { bin, environment: {}, boundMs: 500 })).rejects.toThrow(
      "within 500 ms",
    );
  });
});

describe("a process", () => {
  it("is killed by its own pid and tells how it ended", async () => {
    const child = start("deaf");
    expect(child.running).toBe(true);
    process.kill(child.pid, 0);
    await child.kill("SIGKILL");
    expect(await child.ended).toEqual({ exitCode: null, signal: "SIGKILL" });
    expect(child.running).toBe(false);
    expect(() => process.kill(child.pid, 0)).toThrow("ESRCH");
  });

  it("is ended where it does not stop by itself", async () => {
    const child = start("deaf");
    await child.line((line) => (line === "listening" ? true : undefined), 10_000);
    expect(await child.stop(300)).toEqual({ exitCode: null, signal: "SIGKILL" });
  });

  it("fails a wait for a line that never comes", async () => {
    await expect(start("deaf").line(() => undefined, 300)).rejects.toThrow("within 300 ms");
    await expect(start("fail").line(() => undefined, 10_000)).rejects.toThrow("ended before");
  });
});

describe("a service", () => {
  it("is ready only when it says so, and drains when it is stopped", async () => {
    const [port = 0] = await freePorts(1);
    const environment = { LASTKNOWN_OPERATIONS_PORT: String(port) };
    const child = startLastknown(["consume"], { bin, environment });
    started.push(child);
    const service = new Service(child, port);
    const statuses = new Set<number | undefined>();
    const ready = service.ready();
    await waitUntil(
      async () => {
        statuses.add(await service.status("/readyz"));
        return statuses.has(200) ? true : undefined;
      },
      { what: "200", boundMs: 10_000, everyMs: 20 },
    );
    await ready;
    expect([...statuses].at(-2)).toBe(503);
    expect(await service.stop()).toEqual({ exitCode: 0, signal: null });
    expect(child.stderr.lines).toContain("drained");
  });

  it("that ends before it is ready fails the wait with its log", async () => {
    await expect(new Service(start("fail"), 1).ready()).rejects.toThrow(
      /ended before it was ready.*\nno use/,
    );
  });
});

describe("a test's fleet", () => {
  it("has a name, ports and a folder of its own, waits for the lag, and leaves nothing running", async () => {
    const fleet = await TestFleet.create({ prefix: "unit", bin });
    const other = await TestFleet.create({ prefix: "unit", bin });
    fleets.push(fleet, other);
    expect(fleet.name).toMatch(/^unit-[0-9a-f]{8}$/);
    expect(other.name).not.toBe(fleet.name);
    expect((await fleet.run(["topics"])).stdout).toBe(`made ${fleet.name}`);

    const worker = await fleet.startWorker();
    const query = await fleet.startQuery();
    expect(
      new Set([worker.operationsPort, query.operationsPort, Number(new URL(query.baseUrl).port)]).size,
    ).toBe(3);
    expect((await fleet.untilLag(({ lag }) => lag === 2)).viewLag).toBeNull();
    await fleet.caughtUp(query);

    await fleet.close();
    expect([worker.process.running, query.process.running]).toEqual([false, false]);
  });
});

describe("waitUntil", () => {
  it("names what it waited for in vain", async () => {
    const never = async (): Promise<undefined> => undefined;
    await expect(waitUntil(never, { what: "rain", boundMs: 50, everyMs: 10 })).rejects.toThrow(
      "in vain for rain",
    );
  });
});

describe("freePorts", () => {
  it("gives ports that can be listened on", async () => {
    const [first = 0, second = 0] = await freePorts(2);
    expect(first).not.toBe(second);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(first, "127.0.0.1", resolve));
    await new Promise((resolve) => server.close(resolve));
  });
});
