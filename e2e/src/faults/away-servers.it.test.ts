import { randomUUID } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import {
  ConfluentSchemaRegistry,
  evolveEventSchema,
  EventEncoder,
  fleetNames,
  KafkaAppender,
  loadSettings,
  parseEventSchema,
  partitionOf,
  silentLogger,
  type Settings,
} from "@lastknown/shared";
import { parentToWatch, startStack, type RunningStack } from "@lastknown/stack";
import type { Service } from "../harness/lastknown.js";
import { runLastknown } from "../harness/lastknown.js";
import { TestFleet, type QueryService } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { readMetric, readMetrics } from "./read-metrics.js";
import { sampleFile } from "./sample-file.js";

jest.setTimeout(300_000);

const PARTITIONS = 4;
/** The shortest session that a broker takes by default: five of them pass while a server is away. */
const ENVIRONMENT = {
  LASTKNOWN_WORKER_SESSION_TIMEOUT_MS: "6000",
  LASTKNOWN_WORKER_HEARTBEAT_INTERVAL_MS: "1000",
  LASTKNOWN_WORKER_RETRY_DELAY_MAX_MS: "1000",
};
const AWAY_MS = 30_000;
/** What was fetched, and one batch that is under way, of both workers; each far below a default heap. */
const QUEUE_BYTES_MAX = 4 * 1024 * 1024;
const RESIDENT_BYTES_MAX = 400 * 1024 * 1024;
const DEAD_LETTERS = "lastknown_dead_letters_total";

/** Servers of these tests alone: they are stopped, killed and emptied. */
describe("servers that go away", () => {
  let stack: RunningStack;
  let fleet: TestFleet;
  let settings: Settings;
  let rows = 0;

  beforeAll(async () => {
    stack = await startStack({
      directory: join(tmpdir(), `lastknown-away-${randomUUID()}`),
      temporary: true,
      watched: parentToWatch(),
      onProgress: () => undefined,
    });
    settings = loadSettings({ environment: stack.environment });
    fleet = await TestFleet.create({
      prefix: "away",
      partitions: PARTITIONS,
      environment: { ...stack.environment, ...ENVIRONMENT },
    });
  });

  afterAll(async () => {
    await fleet?.close();
    await stack?.stop();
  });

  const replay = async (count: number, seed: number): Promise<void> => {
    const file = await sampleFile(fleet.folder, { users: 30, rows: count, seed });
    const { stderr } = await fleet.run(["replay", file, "--speed", "max", "--progress", "none"]);
    expect(stderr).toContain(", 0 rejected");
    rows += count;
  };
  const deadLetters = async (worker: Service): Promise<number> => {
    const metrics = await readMetrics(worker);
    return [...metrics].reduce((sum, [name, count]) => sum + (name.startsWith(DEAD_LETTERS) ? count : 0), 0);
  };
  const redisNodes = () =>
    stack.nodeNames.filter((name) => name.startsWith("redis")).map((name) => stack.node(name));

  describe.each([
    ["hung", "SIGSTOP"],
    ["killed", "SIGKILL"],
  ] as const)("Redis %s for half a minute under load", (_how, signal) => {
    let workers: Service[];
    let query: QueryService;

    it("moves no partition, sends no dead letter, names Redis, stays small, and is caught up with unaided", async () => {
      [query, ...workers] = await Promise.all([
        fleet.startQuery(`view-${signal}`),
        fleet.startWorker(),
        fleet.startWorker(),
      ]);
      await replay(2000, signal.length);
      await fleet.caughtUp(query);
      const rebalances = await Promise.all(
        workers.map((worker) => readMetric(worker, "lastknown_rebalances_total")),
      );

      for (const node of redisNodes()) node.signal(signal);
      const replayed = replay(20_000, 7);
      for (const worker of workers) {
        await waitUntil(
          async () => ((await worker.readiness()).includes("[-]redis failed") ? true : undefined),
          { what: "a worker to name Redis", boundMs: 20_000 },
        );
        expect(await readMetric(worker, 'lastknown_waiting_on_server{server="redis"}')).toBe(1);
        expect(await worker.readiness()).toContain("[+]kafka ok");
      }
      await pause(AWAY_MS);
      await replayed;
      expect(await query.readiness()).toMatch(/^\[-\]redis failed, tolerated: /m);
      expect(await readMetric(query, 'lastknown_waiting_on_server{server="redis"}')).toBe(1);
      for (const worker of workers) {
        expect(await worker.status("/livez")).toBe(200);
        expect(await readMetric(worker, "lastknown_queue_bytes")).toBeLessThan(QUEUE_BYTES_MAX);
        expect(await readMetric(worker, "process_resident_memory_bytes")).toBeLessThan(RESIDENT_BYTES_MAX);
      }

      if (signal === "SIGSTOP") for (const node of redisNodes()) node.signal("SIGCONT");
      else await Promise.all(redisNodes().map(({ name }) => stack.restartNode(name)));
      await fleet.caughtUp(query);
      for (const [index, worker] of workers.entries()) {
        // kafkajs joins anew with each generation of its group: the generation has not moved.
        expect(await readMetric(worker, "lastknown_rebalances_total")).toBe(rebalances[index]);
        expect(await deadLetters(worker)).toBe(0);
        expect(await readMetric(worker, 'lastknown_waiting_on_server{server="redis"}')).toBe(0);
      }
      await Promise.all([query, ...workers].map((service) => service.stop()));
    });
  });

  describe("a registry", () => {
    const endRegistry = (): void => void stack.node("registry").signal("SIGKILL");
    const emptyRegistry = async (): Promise<void> => {
      endRegistry();
      const folder = join(stack.directory, "registry");
      const files = (await readdir(folder)).filter((name) => name.startsWith("registry"));
      expect(files.length).toBeGreaterThan(0);
      await Promise.all(files.map((name) => rm(join(folder, name), { recursive: true })));
      await stack.restartNode("registry");
    };
    const workOff = async (whenDone?: (worker: Service) => Promise<void>): Promise<void> => {
      const worker = await fleet.startWorker();
      const query = await fleet.startQuery("view-registry");
      await fleet.caughtUp(query);
      expect(await deadLetters(worker)).toBe(0);
      await whenDone?.(worker);
      await Promise.all([worker.stop(), query.stop()]);
    };

    // The fleet's schema comes into the audit while the registry is there.
    beforeAll(async () => {
      await replay(500, 20);
      await workOff();
    });

    it("that is away does not hold up a worker that starts, as the audit has the schemas, and is named", async () => {
      await replay(500, 21);
      endRegistry();
      await workOff(async (worker) => {
        const { url } = settings.registry;
        const named = `[-]registry failed, tolerated: known schemas go on: the schema registry at ${url} does not`;
        expect(await worker.readiness()).toContain(named);
        expect(await worker.status("/readyz")).toBe(200);
        expect(await readMetric(worker, 'lastknown_waiting_on_server{server="registry"}')).toBe(1);

        await stack.restartNode("registry");
        await waitUntil(
          async () => ((await worker.readiness()).includes("[+]registry ok") ? true : undefined),
          { what: "a worker to see the registry again", boundMs: 30_000 },
        );
        expect(await readMetric(worker, 'lastknown_waiting_on_server{server="registry"}')).toBe(0);
      });
    });

    it.each([
      ["away", "SIGKILL"],
      ["hung", "SIGSTOP"],
    ] as const)(
      "that is %s holds up one partition for a schema that it alone knows, and no other",
      async (how, signal) => {
        const worker = await fleet.startWorker();
        const registry = new ConfluentSchemaRegistry(settings.registry);
        const { eventsSubject } = fleetNames(fleet.name);
        const known = await registry.latest(eventsSubject);
        const schema = parseEventSchema(known?.text ?? "");
        const later = evolveEventSchema(schema, [{ header: `later ${how}`, type: "double" }]);
        const laterId = await registry.register(eventsSubject, later.text);
        stack.node("registry").signal(signal);
        await appendEvent(settings, fleet.name, {
          user: userOf(0),
          encoder: new EventEncoder(later, laterId),
        });
        const encoder = new EventEncoder(schema, known?.id ?? 0);
        for (const partition of [1, 2, 3])
          await appendEvent(settings, fleet.name, { user: userOf(partition), encoder });
        await fleet.untilLag(({ lag }) => lag === 1);
        await waitUntil(
          async () => ((await worker.readiness()).includes("waiting for registry") ? true : undefined),
          { what: "a worker to name the registry", boundMs: 20_000 },
        );
        expect(await worker.status("/readyz")).toBe(503);
        expect(await readMetric(worker, 'lastknown_waiting_on_server{server="registry"}')).toBe(1);
        if (signal === "SIGSTOP") stack.node("registry").signal("SIGCONT");
        else await stack.restartNode("registry");
        await fleet.caughtUp();
        expect(await deadLetters(worker)).toBe(0);
        await worker.stop();
      },
    );

    it("that was emptied does not hold it up either, and nothing is dead-lettered for it", async () => {
      await replay(500, 22);
      await emptyRegistry();
      await workOff();
    });

    it("that was emptied is refused by a replay", async () => {
      const file = await sampleFile(fleet.folder, { users: 3, rows: 10, seed: 23 });
      const environment = { ...process.env, ...stack.environment, LASTKNOWN_FLEET: fleet.name };
      const result = await runLastknown(["replay", file, "--speed", "max"], {
        environment: { ...environment, LASTKNOWN_PARTITIONS: String(PARTITIONS) },
      });
      expect(result.exitCode).toBe(1);
      expect(result.stderr).toContain(`${fleet.name}.events has records of schema`);
    });

    it("that was emptied makes no dead letter of what it has lost, also for a worker that starts then", async () => {
      const encoder = new EventEncoder(evolveEventSchema(undefined, []), LOST_SCHEMA_ID);
      await appendEvent(settings, fleet.name, { user: userOf(0), encoder });
      const worker = await fleet.startWorker();
      await waitUntil(
        async () => ((await worker.readiness()).includes("waiting for registry") ? true : undefined),
        { what: "a worker to wait for the registry", boundMs: 20_000 },
      );
      expect(await deadLetters(worker)).toBe(0);
      expect((await fleet.untilLag(() => true)).lag).toBe(1);
      await worker.stop();
    });

    it("that gives an id to another schema stops the workers, one that runs and one that starts", async () => {
      const running = await fleet.startWorker();
      const schemaId = await giveAwayIds(settings, fleet.name);
      await produceWith(settings, fleet.name, schemaId);
      const ended = await running.process.ended;
      expect([ended.exitCode, ended.signal]).toEqual([1, null]);
      expect(running.process.stderr.end(Infinity)).toContain(`schema ${schemaId} has another text`);
      const started = fleet.start(["consume", "--operations-port", "0"]);
      expect((await started.ended).exitCode).toBe(1);
      expect(started.stderr.end(Infinity)).toContain(`schema ${schemaId} has another text`);
      expect(rows).toBeGreaterThan(0);
    });
  });
});

/** Registers other schemas until one has an id that the fleet's events use; gives that id. */
async function giveAwayIds(settings: Settings, fleet: string): Promise<number> {
  const registry = new ConfluentSchemaRegistry(settings.registry);
  const { eventsSubject } = fleetNames(fleet);
  let id = 0;
  // `topics` registers the audit's schema first, and the first replay the events'.
  for (let column = 1; id < FIRST_EVENTS_SCHEMA_ID; column++) {
    const schema = evolveEventSchema(undefined, [{ header: `other ${column}`, type: "double" }]);
    id = await registry.register(`${eventsSubject}-${column}`, schema.text);
  }
  return id;
}

const FIRST_EVENTS_SCHEMA_ID = 2;
/** More than the registry has given. */
const LOST_SCHEMA_ID = 7_777;

/** A new user of the partition. */
function userOf(partition: number): string {
  for (;;) {
    const user = `user ${randomUUID()}`;
    if (partitionOf(Buffer.from(user), PARTITIONS) === partition) return user;
  }
}

async function appendEvent(
  settings: Settings,
  fleet: string,
  { user, encoder }: { user: string; encoder: EventEncoder },
): Promise<void> {
  const appender = new KafkaAppender({ settings: settings.kafka, logger: silentLogger });
  const timeStamp = Date.UTC(2024, 0, 1) * 1000;
  const event = { user, timeStamp, sts: timeStamp, attributes: {}, eventId: "0".repeat(32) };
  const key = Buffer.from(user);
  const record = { partition: partitionOf(key, PARTITIONS), key, value: encoder.encode(event) };
  try {
    await appender.append(fleetNames(fleet).eventsTopic, [record]);
  } finally {
    await appender.close();
  }
}

/** Events by the text that the id has in the registry now. */
async function produceWith(settings: Settings, fleet: string, schemaId: number): Promise<void> {
  const encoder = new EventEncoder(
    evolveEventSchema(undefined, [{ header: "other 1", type: "double" }]),
    schemaId,
  );
  // The worker looks at the registry beside its batches, once in ten seconds.
  const deadlineMs = performance.now() + 15_000;
  while (performance.now() < deadlineMs) {
    await appendEvent(settings, fleet, { user: `late ${randomUUID()}`, encoder });
    await pause(500);
  }
}
