import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from "@jest/globals";
import {
  ConfluentSchemaRegistry,
  EventEncoder,
  evolveEventSchema,
  fleetNames,
  KafkaAppender,
  loadSettings,
  parseEventSchema,
  partitionOf,
  silentLogger,
} from "@lastknown/shared";
import { parentToWatch, startStack, type RunningStack } from "@lastknown/stack";
import { TestFleet, type Lag, type LagReason } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { ControlFleets } from "../negative-controls/control-fleets.js";
import { whenJudging } from "./when-judging.js";

jest.setTimeout(300_000);

const PARTITIONS = 4;
/** Long enough that a worker is known to be dead before the group takes its partitions away, on a busy machine too. */
const SESSION_SECONDS = 20;
const ENVIRONMENT = {
  LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: String(SESSION_SECONDS * 1000),
  LASTKNOWN_WORKER_RETRY_DELAY_MAX_MS: "1000",
};
/** One record a time: what it is long at, longer than what has just come, is MANY_ROWS. */
const SLOW = { LASTKNOWN_WORKER_BATCH_RECORDS_MAX: "1" };
const MANY_ROWS = 60_000;
const TOLD_WITHIN_MS = 90_000;
const LIVES_MAX = 30;
const HOUR_SECONDS = 3600;

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

  /** A fleet of which the worker does this, too, with the user of each record. */
  const controlFleet = (statement: string, environment: NodeJS.ProcessEnv): Promise<TestFleet> =>
    fleets.create({
      prefix: "lag-reasons-control",
      changes: [whenJudging(HOT_USER, statement)],
      partitions: PARTITIONS,
      environment: { ...stack.environment, ...ENVIRONMENT, ...environment },
    });

  it("nobody is there; then somebody catches up, and tells how long that takes; then nothing waits", async () => {
    await replay({ rows: MANY_ROWS });
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

  it("the registry is away, and one partition waits for a schema that it alone knows", async () => {
    const worker = await fleet.startWorker();
    await replay({ rows: 500 });
    await fleet.caughtUp();
    const { kafka, registry: settings } = loadSettings({ environment: stack.environment });
    const registry = new ConfluentSchemaRegistry(settings);
    const { eventsSubject, eventsTopic } = fleetNames(fleet.name);
    const known = await registry.latest(eventsSubject);
    const later = evolveEventSchema(parseEventSchema(known?.text ?? ""), [
      { header: "later", type: "double" },
    ]);
    const encoder = new EventEncoder(later, await registry.register(eventsSubject, later.text));
    stack.node("registry").signal("SIGKILL");

    const user = "bus of a later schema";
    const key = Buffer.from(user);
    const sts = Date.UTC(2024, 0, 1) * 1000;
    const value = encoder.encode({ user, timeStamp: sts, sts, attributes: {}, eventId: "0".repeat(32) });
    const partition = partitionOf(key, PARTITIONS);
    const appender = new KafkaAppender({ settings: kafka, logger: silentLogger });
    await appender.append(eventsTopic, [{ partition, key, value }]);
    await appender.close();
    const waiting = await untilReason("waiting_on_registry");
    expect(waiting).toMatchObject({ partition, lag: 1 });
    expect(waiting.main["seconds"]).toBeGreaterThanOrEqual(1);
    await stack.restartNode("registry");
    await fleet.caughtUp();
    await worker.stop();
  });

  it("a worker is frozen: dead, until the group takes its partitions away; then nobody has them", async () => {
    const worker = await fleet.startWorker();
    await replay({ rows: 500 });
    await fleet.caughtUp();
    await worker.process.kill("SIGSTOP");
    await replay({ rows: 500 });
    const { main } = await untilReason("member_dead");
    expect(main).toMatchObject({ host: "127.0.0.1", memberId: expect.any(String) });
    expect(main["silentSeconds"]).toBeGreaterThanOrEqual(5);
    expect(main["takenAwayWithinSeconds"]).toBeGreaterThan(0);
    expect(main["takenAwayWithinSeconds"]).toBeLessThan(SESSION_SECONDS);
    await worker.process.kill("SIGKILL");
    await untilReason("no_member");
    const next = await fleet.startWorker();
    await fleet.caughtUp();
    await next.stop();
  });

  it("one user sends most of it: whose it is only those are told who ask for it", async () => {
    await replay({ rows: MANY_ROWS, ofHotUser: 0.97 * MANY_ROWS });
    const worker = await fleet.startWorker(SLOW);
    const hot = await untilReason("hot_partition");
    expect(hot.partition).toBe(partitionOf(Buffer.from(HOT_USER), PARTITIONS));
    expect(hot.main["share"]).toBeGreaterThan(0.9);
    expect(hot.main).not.toHaveProperty("user");
    expect(hot.remarks).toContain("catching_up");
    const named = await untilReason("hot_partition", fleet, ["--show-users"]);
    expect(named.main["user"]).toBe(HOT_USER);
    await worker.stop();
    const quick = await fleet.startWorker();
    await fleet.caughtUp();
    await quick.stop();
  });

  it("devices send what they have kept for hours", async () => {
    await replay({ rows: MANY_ROWS, oldBySeconds: 3 * HOUR_SECONDS });
    const worker = await fleet.startWorker(SLOW);
    const { main, remarks } = await untilReason("device_backlog");
    expect(main).toMatchObject({ kind: "device_backlog", share: 1, lateSeconds: 3 * HOUR_SECONDS });
    expect(remarks).toContain("catching_up");
    await worker.stop();
    const quick = await fleet.startWorker();
    await fleet.caughtUp();
    await quick.stop();
  });

  it("a record ends the process of each worker that takes it", async () => {
    const dying = await controlFleet('process.kill(process.pid, "SIGKILL");', {
      LASTKNOWN_WORKER_KILLS_MAX: "10",
      LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: "6000",
    });
    await replay({ rows: 500, ofHotUser: 1 }, dying);
    const told = untilReason("poison", dying);
    const { partition, main } = await supervisedUntil(dying, told);
    expect(partition).toBe(partitionOf(Buffer.from(HOT_USER), PARTITIONS));
    expect(main["deaths"]).toBeGreaterThanOrEqual(1);
  });

  it("a record fails in a way that nobody foresaw, and is tried again", async () => {
    const failing = await controlFleet('throw new TypeError("nobody foresaw it");', {
      LASTKNOWN_WORKER_RECORD_ATTEMPTS_MAX: "100",
      LASTKNOWN_WORKER_RETRY_DELAY_MS: "1000",
    });
    await replay({ rows: 500, ofHotUser: 1 }, failing);
    const worker = await failing.startWorker();
    const { partition, main } = await untilReason("poison", failing);
    expect(partition).toBe(partitionOf(Buffer.from(HOT_USER), PARTITIONS));
    expect(main).toEqual({ kind: "poison", cause: "fails", offset: null, deaths: 0 });
    await worker.process.kill("SIGKILL");
  });
});

/** Starts a worker again whenever it has died, as a supervisor does, until then. */
async function supervisedUntil<Found>(fleet: TestFleet, found: Promise<Found>): Promise<Found> {
  const settled = found.then(
    () => "settled",
    () => "settled",
  );
  for (let deaths = 0; deaths < LIVES_MAX; deaths++) {
    const life = fleet.start(["consume", "--operations-port", "0"]);
    const how = await Promise.race([settled, life.ended]);
    if (how !== "settled") continue;
    await life.kill("SIGKILL");
    return await found;
  }
  throw new Error(`not found out in ${LIVES_MAX} lives`);
}

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
