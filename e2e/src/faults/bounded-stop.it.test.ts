import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { startStack, type RunningStack } from "@lastknown/stack";
import { freePorts } from "../harness/free-ports.js";
import { Service } from "../harness/lastknown.js";
import { TestFleet } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { readMetric } from "./read-metrics.js";
import { sampleFile } from "./sample-file.js";

jest.setTimeout(180_000);

/** The defaults of the settings, which a supervisor counts on. */
const WORKER_DEADLINE_MS = 10_000;
const QUERY_DEADLINE_MS = 5000;
const AT_ONCE_MS = 1000;
const SIGTERM_CODE = 143;
const SIGINT_CODE = 130;
/** Long enough that every loop has a call under way that is not answered. */
const HUNG_MS = 1500;

/** The group waits for a frozen member for so long: a joining one that waits with it is caught. */
const LONG_SESSION_MS = "60000";

const SERVERS = {
  kafka: ["kafka-1"],
  redis: ["redis-1", "redis-2", "redis-3"],
  registry: ["registry"],
} as const;

/** Of its own, as its servers are stopped by SIGSTOP. */
describe("a signal", () => {
  let stack: RunningStack;
  let fleet: TestFleet;

  beforeAll(async () => {
    stack = await startStack({
      directory: await mkdtemp(join(tmpdir(), "lastknown-stop-")),
      temporary: true,
      redisNodes: 3,
      onProgress: () => undefined,
    });
    fleet = await TestFleet.create({ prefix: "bounded-stop", environment: stack.environment });
  });

  afterAll(async () => {
    await fleet?.close();
    await stack?.stop();
  });

  /** Gives what it ended with, and after how long. */
  const signalled = async (
    { process }: Service,
    signal: "SIGTERM" | "SIGINT",
  ): Promise<{ exitCode: number | null; ms: number }> => {
    const fromMs = performance.now();
    await process.kill(signal);
    const { exitCode } = await process.ended;
    return { exitCode, ms: performance.now() - fromMs };
  };

  const whileHung = async (servers: keyof typeof SERVERS, act: () => Promise<void>): Promise<void> => {
    const nodes = SERVERS[servers].map((name) => stack.node(name));
    for (const node of nodes) node.signal("SIGSTOP");
    try {
      await new Promise((resolve) => setTimeout(resolve, HUNG_MS));
      await act();
    } finally {
      for (const node of nodes) node.signal("SIGCONT");
      await stack.ready();
    }
  };

  const busyWorker = async (): Promise<{ worker: Service; replay: ReturnType<TestFleet["start"]> }> => {
    const worker = await fleet.startWorker();
    const file = await sampleFile(fleet.folder, { users: 20, rows: 6_000, seed: 5 });
    const replay = fleet.start(["replay", file, "--rate", "300"]);
    const isBusy = async (): Promise<true | undefined> =>
      (await readMetric(worker, "lastknown_records_total")) > 0 ? true : undefined;
    await waitUntil(isBusy, { what: "a worker under load", boundMs: 60_000 });
    return { worker, replay };
  };

  it.each(Object.keys(SERVERS) as (keyof typeof SERVERS)[])(
    "ends a worker under load and a query service within their deadlines while %s hangs",
    async (servers) => {
      const [{ worker, replay }, query] = await Promise.all([
        busyWorker(),
        fleet.startQuery(`view-${servers}`),
      ]);
      await whileHung(servers, async () => {
        const [ofWorker, ofQuery] = await Promise.all([
          signalled(worker, "SIGTERM"),
          signalled(query, "SIGTERM"),
        ]);
        expect([ofWorker.exitCode, ofQuery.exitCode]).toEqual([SIGTERM_CODE, SIGTERM_CODE]);
        expect(ofWorker.ms).toBeLessThan(WORKER_DEADLINE_MS);
        expect(ofQuery.ms).toBeLessThan(QUERY_DEADLINE_MS);
        await replay.kill("SIGKILL");
      });
    },
  );

  it("ends a worker at once when it is the second one", async () => {
    const { worker, replay } = await busyWorker();
    await whileHung("kafka", async () => {
      await worker.process.kill("SIGTERM");
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(worker.process.running).toBe(true);
      const { exitCode, ms } = await signalled(worker, "SIGINT");
      expect(exitCode).toBe(SIGINT_CODE);
      expect(ms).toBeLessThan(AT_ONCE_MS);
      await replay.kill("SIGKILL");
    });
  });

  it("ends a worker within its deadline that waits for a frozen one to join the group with", async () => {
    const frozen = await fleet.startWorker({ LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: LONG_SESSION_MS });
    await frozen.process.kill("SIGSTOP");
    const [operationsPort = 0] = await freePorts(1);
    const session = ["--worker-session-timeout-ms", LONG_SESSION_MS];
    const child = fleet.start(["consume", "--operations-port", String(operationsPort), ...session]);
    const joiner = new Service(child, operationsPort);
    try {
      const isJoining = async (): Promise<true | undefined> => {
        if ((await joiner.status("/livez")) === undefined) return undefined;
        const answer = await fetch(`http://127.0.0.1:${operationsPort}/readyz`);
        return (await answer.text()).includes("no assignment yet") ? true : undefined;
      };
      await waitUntil(isJoining, { what: "a worker that joins", boundMs: 30_000 });
      const { exitCode, ms } = await signalled(joiner, "SIGTERM");
      expect(exitCode).toBe(SIGTERM_CODE);
      expect(ms).toBeLessThan(WORKER_DEADLINE_MS);
    } finally {
      await child.kill("SIGKILL");
      await frozen.process.kill("SIGCONT");
    }
  });
});
