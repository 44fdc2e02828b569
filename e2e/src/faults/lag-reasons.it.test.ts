import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { parentToWatch, startStack, type RunningStack } from "@lastknown/stack";
import { TestFleet, type Lag, type LagReason } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { ControlFleets } from "../negative-controls/control-fleets.js";

jest.setTimeout(300_000);

const PARTITIONS = 4;
/** Long enough that a worker is known to be dead before the group takes its partitions away, on a busy machine too. */
const SESSION_SECONDS = 30;
const ENVIRONMENT = {
  LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: String(SESSION_SECONDS * 1000),
  LASTKNOWN_WORKER_RETRY_DELAY_MAX_MS: "1000",
};
/** So few records a time that it takes a while to work some thousands off. */
const SLOW = { LASTKNOWN_WORKER_BATCH_RECORDS_MAX: "2" };
const TOLD_WITHIN_MS = 90_000;

/** Servers of these tests alone: they are stopped and killed. */
describe("why records wait, as `lastknown lag --json` tells it", () => {
  let stack: RunningStack;
  let fleet: TestFleet;
  const fleets = new ControlFleets();

  beforeAll(async () => {
    stack = await startStack({
      directory: join(tmpdir(), `lastknown-lag-${randomUUID()}`),
      temporary: true,
      watched: parentToWatch(),
      onProgress: () => undefined,
    });
    fleet = await TestFleet.create({
      prefix: "lag-reasons",
      partitions: PARTITIONS,
      environment: { ...stack.environment, ...ENVIRONMENT },
    });
  });

  afterEach(() => fleets.close());
  afterAll(async () => {
    await fleet?.close();
    await stack?.stop();
  });

  const replay = async (rows: Rows, of = fleet): Promise<void> => {
    const { stderr } = await of.replay(await fileOf(of.folder, rows), ["--progress", "none"]);
    expect(stderr).toContain(", 0 rejected");
  };
  const untilReason = (kind: string, of = fleet, args: readonly string[] = []): Promise<Explained> =>
    waitUntil(async () => explained(await of.lag(args)).find(({ main }) => main.kind === kind), {
      what: `the reason ${kind}`,
      boundMs: TOLD_WITHIN_MS,
    });
  const redisNodes = () =>
    stack.nodeNames.filter((name) => name.startsWith("redis")).map((name) => stack.node(name));

  it("nobody is there; then somebody catches up, and tells how long that takes; then nothing waits", async () => {
    await replay({ rows: 8000 });
    const alone = explained(await fleet.lag());
    expect(alone.map(({ main }) => main)).toEqual(Array(PARTITIONS).fill({ kind: "no_member", workers: 0 }));

    const worker = await fleet.startWorker(SLOW);
    const { main, lag } = await untilReason("catching_up");
    expect(main["committedPerSecond"]).toBeGreaterThan(0);
    expect(main["doneInSeconds"]).toBeCloseTo(lag / Number(main["committedPerSecond"]), 3);
    await worker.stop();

    const quick = await fleet.startWorker();
    await fleet.caughtUp();
    const { partitions } = await fleet.lag();
    expect(partitions.map(({ reason }) => reason.kind)).toEqual(Array(PARTITIONS).fill("none"));
    await quick.stop();
  });

  it("Redis is away, and the worker waits for it", async () => {
    const worker = await fleet.startWorker();
    await replay({ rows: 500 });
    await fleet.caughtUp();
    for (const node of redisNodes()) node.signal("SIGSTOP");
    await replay({ rows: 500 });
    const { main } = await untilReason("waiting_on_redis");
    expect(main["seconds"]).toBeGreaterThanOrEqual(1);
    for (const node of redisNodes()) node.signal("SIGCONT");
    await fleet.caughtUp();
    await worker.stop();
  });
});

interface Explained {
  readonly partition: number;
  readonly lag: number;
  readonly main: LagReason;
  readonly remarks: readonly string[];
}

/** Of the partitions in which something waits. */
function explained({ partitions }: Lag): Explained[] {
  return partitions
    .filter(({ lag }) => lag > 0)
    .map(({ partition, lag, reason, remarks }) => {
      return { partition, lag, main: reason, remarks: remarks.map(({ kind }) => kind) };
    });
}

interface Rows {
  readonly rows: number;
  /** All others are of many users. */
  readonly ofHotUser?: number;
  /** How old they are when they come. */
  readonly oldBySeconds?: number;
}

const HOT_USER = "bus of everybody";
const USERS = 200;

/** Rows one a second, each of another moment than those of other files. */
async function fileOf(folder: string, { rows, ofHotUser = 0, oldBySeconds = 1 }: Rows): Promise<string> {
  const firstMs = Date.UTC(2024, 0, 1);
  const lines = Array.from({ length: rows }, (_, row) => {
    const user = row < ofHotUser ? HOT_USER : `bus ${row % USERS}`;
    const stsMs = firstMs + row * 1000;
    const [timeStamp, sts] = [stsMs - oldBySeconds * 1000, stsMs].map((ms) => new Date(ms).toISOString());
    return `${user},${timeStamp},${sts},${randomUUID()}`;
  });
  const path = join(folder, `rows-${randomUUID()}.csv`);
  await writeFile(path, ["user_id,time_stamp,sts,note", ...lines].join("\n"));
  return path;
}
