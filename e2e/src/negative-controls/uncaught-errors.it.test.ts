import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { readMetric } from "../faults/read-metrics.js";
import type { ChildProcess } from "../harness/child-process.js";
import { freePorts } from "../harness/free-ports.js";
import { Service } from "../harness/lastknown.js";
import type { TestFleet } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { ControlFleets, replaySample } from "./control-fleets.js";
import type { BuildChange } from "./product-copy.js";

jest.setTimeout(300_000);

const STALL_EXIT_MS = 5_000;
const ENVIRONMENT = { LASTKNOWN_WORKER_STALL_EXIT_MS: String(STALL_EXIT_MS) };
const ENDED_BOUND_MS = 60_000;
const STOP_BOUND_MS = 20_000;
const ROWS = 100;

/** In what the group calls: kafkajs stops a consumer for good over such an error, and the process lives on. */
const FAILS_WHEN_ASSIGNED: BuildChange = {
  file: "consumer/dist/worker.js",
  from: "this.#metrics.rebalances.inc();",
  to: 'console.error("partitions were given"); throw new SyntaxError("nobody foresaw it");',
};

/** Outside of what isolates single records. */
const FAILS_IN_THE_LOOP: BuildChange = {
  file: "consumer/dist/assignment/assignment.js",
  from: "this.#markDone(batches, behind);",
  to: 'throw new SyntaxError("nobody foresaw it");',
};

const ENDS_THE_WORKER = "this.failed(error instanceof Error ? error : new Error(String(error)));";

const SWALLOWS_WHEN_ASSIGNED: BuildChange = {
  file: "consumer/dist/worker.js",
  from: `step();
        }
        catch (error) {
            ${ENDS_THE_WORKER}`,
  to: `step();
        }
        catch (error) {`,
};

const SWALLOWS_IN_THE_LOOP: BuildChange = {
  file: "consumer/dist/worker.js",
  from: `await assignment.run();
        }
        catch (error) {
            ${ENDS_THE_WORKER}`,
  to: `await assignment.run();
        }
        catch (error) {`,
};

const SESSION_MAX_MS = 1_000;

/** The watchdog waits for two of the longest sessions that a member may have, which are ten minutes. */
const SHORT_SESSIONS: BuildChange = {
  file: "consumer/dist/worker.js",
  from: "sessionTimeoutMaxMs: SESSION_TIMEOUT_MAX_MS,",
  to: `sessionTimeoutMaxMs: ${SESSION_MAX_MS},`,
};

describe("a SyntaxError of a worker's own code", () => {
  const fleets = new ControlFleets();
  const workers: ChildProcess[] = [];
  let fleet: TestFleet;

  /** No worker ever gets to its first commit, so the same rows wait for all of them. */
  beforeAll(async () => {
    fleet = await fleets.create({ prefix: "uncaught", environment: ENVIRONMENT });
    await replaySample(fleet, { users: 10, rows: ROWS, seed: 11 });
  });

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop(STOP_BOUND_MS)));
    await fleets.close();
  });

  const startWorker = async (...changes: readonly BuildChange[]): Promise<ChildProcess> => {
    const { bin } = await fleets.copyWith(...changes);
    const worker = fleet.start(["consume", "--operations-port", "0"], bin);
    workers.push(worker);
    return worker;
  };

  const exitCodeOf = async (worker: ChildProcess, boundMs: number): Promise<number | null | "lives on"> => {
    const ended = worker.ended.then(({ exitCode }) => exitCode);
    return await Promise.race([ended, pause(boundMs, "lives on" as const, { ref: false })]);
  };

  it.each([
    ["when it is given partitions", FAILS_WHEN_ASSIGNED],
    ["in the loop of an assignment", FAILS_IN_THE_LOOP],
  ])("%s ends it, and it says why", async (_when, change) => {
    const worker = await startWorker(change);
    expect(await exitCodeOf(worker, ENDED_BOUND_MS)).toBe(1);
    expect(worker.stderr.end(Infinity)).toContain("nobody foresaw it");
  });

  it("is caught where it is swallowed in the loop: the watchdog ends what does nothing", async () => {
    const worker = await startWorker(FAILS_IN_THE_LOOP, SWALLOWS_IN_THE_LOOP);
    expect(await exitCodeOf(worker, ENDED_BOUND_MS)).toBe(1);
    const log = worker.stderr.end(Infinity);
    expect(log).toContain(`records wait, and none was done for ${STALL_EXIT_MS} ms`);
    expect(log).not.toContain("nobody foresaw it");
  });

  it("is seen where it is swallowed when partitions are given: not ready, no partitions, and all of the lag", async () => {
    const [port = 0] = await freePorts(1);
    const { bin } = await fleets.copyWith(FAILS_WHEN_ASSIGNED, SWALLOWS_WHEN_ASSIGNED);
    const child = fleet.start(["consume", "--operations-port", String(port)], bin);
    workers.push(child);
    const worker = new Service(child, port);
    const isAssigned = (): true | undefined =>
      child.stderr.end(Infinity).includes("partitions were given") || undefined;
    await waitUntil(isAssigned, { what: "the error", boundMs: ENDED_BOUND_MS });
    // Longer than what has no server to wait for may take.
    expect(await exitCodeOf(child, 2 * STALL_EXIT_MS)).toBe("lives on");
    expect([await worker.status("/livez"), await worker.status("/readyz")]).toEqual([200, 503]);
    expect(await worker.readiness()).toContain("no assignment yet");
    expect(await readMetric(worker, "lastknown_assigned_partitions")).toBe(0);
    expect((await fleet.untilLag(() => true)).lag).toBe(ROWS);
    await worker.stop();
  });

  it("is caught there too: the watchdog ends what is given nothing", async () => {
    const worker = await startWorker(FAILS_WHEN_ASSIGNED, SWALLOWS_WHEN_ASSIGNED, SHORT_SESSIONS);
    expect(await exitCodeOf(worker, ENDED_BOUND_MS)).toBe(1);
    const log = worker.stderr.end(Infinity);
    expect(log).toContain("partitions were given");
    const patienceMs = STALL_EXIT_MS + 2 * SESSION_MAX_MS;
    expect(log).toContain(
      `the group has given no partitions for ${patienceMs} ms, though its coordinator answers`,
    );
    expect(log).not.toContain("nobody foresaw it");
  });
});
