import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { startStack, type RunningStack } from "@lastknown/stack";
import { KafkaTools } from "../harness/kafka-tools.js";
import type { Service } from "../harness/lastknown.js";
import { TestFleet, type Lag, type TestFleetOptions } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { ControlFleets } from "../negative-controls/control-fleets.js";
import { expectWrong } from "../negative-controls/expect-wrong.js";
import type { BuildChange } from "../negative-controls/product-copy.js";
import { complaintsAbout, readRedisFleet, recompute, type FleetJudgement } from "../oracle/index.js";
import { ForgetfulRedis, type NodeBackup } from "./forgetful-redis.js";
import { beingHealed, healingLines, type HealingLine } from "./healing-lines.js";
import { readMetric } from "./read-metrics.js";
import { sampleFile } from "./sample-file.js";

jest.setTimeout(300_000);

const PARTITIONS = 4;
/** A loss is seen within a second, and what is here is applied again within one more; on a busy machine in some. */
const HEALED_BOUND_MS = 40_000;
const REPLAY_RATE = "1500";
/** So many that the replay lasts for as long as four healings do on a busy machine. */
const ROWS = 40_000;
const BUCKETS = 256;
/** A worker that does not wait for a replica goes on well within that. */
const GOES_ON_BOUND_MS = 15_000;
/** A WAIT without a key goes to any node, which has nothing of what was written. */
const WAITS_AT_ANY_NODE: BuildChange = {
  file: "consumer/dist/states/redis/redis-state-store.js",
  from: "await this.#scriptCalls.send(client, calls, this.#waitMsOf(node));",
  to: `await this.#scriptCalls.send(client, calls, undefined);
        const waitMs = this.#waitMsOf(node);
        if (waitMs !== undefined) answers[calls.length] = { reply: await this.#redis.wait(1, waitMs) };`,
};

describe("a Redis Cluster that loses what it acknowledged", () => {
  let directory: string;
  let stack: RunningStack;
  let environment: NodeJS.ProcessEnv;
  let redis: ForgetfulRedis;
  let fleet: TestFleet | undefined;
  const controls = new ControlFleets();

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "lastknown-healed-"));
    stack = await startStack({ directory, temporary: true, redisNodes: 6, onProgress: () => undefined });
    environment = { ...stack.environment };
    redis = await ForgetfulRedis.connect(environment);
  });

  afterAll(async () => {
    await fleet?.close();
    redis?.close();
    await stack?.stop();
    await controls.close();
    await rm(directory, { recursive: true, force: true });
  });

  const newFleet = async (options: Partial<TestFleetOptions> = {}): Promise<TestFleet> => {
    await fleet?.close();
    fleet = await TestFleet.create({ prefix: "healed", partitions: PARTITIONS, environment, ...options });
    return fleet;
  };
  const judge = async (of: TestFleet, file: string): Promise<FleetJudgement> =>
    of.judge({
      brokers: environment["LASTKNOWN_KAFKA_BROKERS"] ?? "",
      redisNodes: environment["LASTKNOWN_REDIS_NODES"] ?? "",
      registryUrl: environment["LASTKNOWN_REGISTRY_URL"] ?? "",
      expected: recompute(file).arrivals,
      doublesAllowed: false,
    });
  /** Resolves when some more healings have begun and all have ended; gives those that began. */
  const healed = async (workers: readonly Service[], before: number): Promise<HealingLine[]> =>
    waitUntil(
      async () => {
        const lines = healingLines(workers);
        const began = lines.filter(({ message }) => message === "healing begins");
        return began.length > before && beingHealed(lines).length === 0 ? began : undefined;
      },
      { what: "all to be healed", boundMs: HEALED_BOUND_MS },
    );

  it("is mended under load, whatever is lost, and the audit gets no entry twice", async () => {
    const own = await newFleet();
    const workers = [await own.startWorker()];
    const file = await sampleFile(own.folder, { users: 60, rows: ROWS, seed: 21 });
    const replay = own.start(["replay", file, "--rate", REPLAY_RATE]);
    await own.untilLag(({ partitions }) => partitions.every(({ committed }) => (committed ?? 0) > 200));
    const old: NodeBackup = await redis.backUp(1);

    await redis.empty(0);
    let began = (await healed(workers, 0)).length;
    await redis.setBack(own.name, 7, 0.5);
    const setBack = (await healed(workers, began)).slice(began);
    expect(setBack).toMatchObject([{ partition: 3, buckets: [7], source: "events" }]);
    began += setBack.length;
    await redis.restore(1, old);
    began = (await healed(workers, began)).length;
    for (let master = 0; master < redis.masters; master++) await redis.empty(master);
    await healed(workers, began);
    expect(replay.running).toBe(true);

    expect(await replay.ended).toEqual({ exitCode: 0, signal: null });
    await own.caughtUp();
    await waitUntil(async () => (beingHealed(healingLines(workers)).length === 0 ? true : undefined), {
      what: "all to be healed in the end",
      boundMs: HEALED_BOUND_MS,
    });
    expect(complaintsAbout(await judge(own, file))).toEqual([]);
    for (const { ms, message } of healingLines(workers))
      if (message === "healing ended") expect(ms).toBeGreaterThan(0);
    const [worker] = workers as [Service];
    expect(await readMetric(worker, "lastknown_audit_entries_total")).toBe(ROWS);
    expect(await readMetric(worker, 'lastknown_reapplied_records_total{source="events"}')).toBeGreaterThan(
      1_000,
    );
  });

  it("is rebuilt from the audit where the events topic no longer reaches back", async () => {
    const own = await newFleet();
    const first = await own.startWorker();
    const file = await sampleFile(own.folder, { users: 60, rows: 6_000, seed: 22 });
    await own.replay(file);
    await own.caughtUp();
    await first.stop();
    expect(complaintsAbout(await judge(own, file))).toEqual([]);
    const redisNodes = environment["LASTKNOWN_REDIS_NODES"] ?? "";
    const before = await readRedisFleet(redisNodes, own.name);

    for (let master = 0; master < redis.masters; master++) await redis.empty(master);
    const kafka = new KafkaTools(environment["LASTKNOWN_KAFKA_BROKERS"] ?? "");
    const { partitions } = await own.untilLag(() => true);
    const cut = new Map(partitions.map(({ partition, end }) => [partition, end - 10]));
    await kafka.deleteRecordsBefore(`${own.name}.events`, cut);
    const worker = await own.startWorker();
    const began = await healed([worker], PARTITIONS - 1);
    expect(new Set(began.map(({ source }) => source))).toEqual(new Set(["audit"]));
    const after = await readRedisFleet(redisNodes, own.name);
    expect(after).toEqual(before);
    expect(await readMetric(worker, "lastknown_audit_entries_total")).toBe(0);
    expect(await readMetric(worker, 'lastknown_reapplied_records_total{source="audit"}')).toBe(6_000);

    await own.replay(file);
    await own.caughtUp();
    expect(await readMetric(worker, "lastknown_audit_entries_total")).toBe(6_000);
  });

  it.each(["heal", "wait"])("does as was chosen while no replica answers: %s", async (noReplica) => {
    const own = await newFleet({
      environment: { ...environment, LASTKNOWN_WORKER_NO_REPLICA: noReplica },
    });
    const worker = await own.startWorker();
    const file = await sampleFile(own.folder, { users: 10, rows: 1_000, seed: 23 });
    const unprotected = "lastknown_unprotected_writes_total";
    const waiting = 'lastknown_waiting_on_server{server="redis"}';
    const stopped = await redis.signalReplicas("SIGSTOP");
    try {
      await own.replay(file);
      if (noReplica === "heal") {
        await own.caughtUp();
        expect(await readMetric(worker, unprotected)).toBeGreaterThan(0);
        expect(await readMetric(worker, waiting)).toBe(0);
      } else {
        const isWaiting = async (): Promise<true | undefined> =>
          (await readMetric(worker, waiting)) === 1 ? true : undefined;
        await waitUntil(isWaiting, { what: "the worker to wait", boundMs: HEALED_BOUND_MS });
        expect(worker.process.stderr.lines.join("\n")).toContain("no replica of");
        expect(await readMetric(worker, unprotected)).toBe(0);
      }
    } finally {
      await redis.signalReplicas("SIGCONT", stopped);
    }
    await own.caughtUp();
    expect(complaintsAbout(await judge(own, file))).toEqual([]);
  });

  /** Lets `look` see a worker that has records to do, while one replica of three does not answer. */
  const whileOneReplicaHangs = async (bin: string, look: (of: TestFleet) => Promise<void>): Promise<void> => {
    const own = await newFleet({ bin, environment: { ...environment, LASTKNOWN_WORKER_NO_REPLICA: "wait" } });
    await own.startWorker();
    const stopped = await redis.stopOneReplica();
    try {
      await own.replay(await sampleFile(own.folder, { users: 60, rows: 1_000, seed: 25 }));
      await look(own);
    } finally {
      await redis.signalReplicas("SIGCONT", stopped);
    }
    await own.caughtUp();
  };

  it("waits for the one replica that does not answer, and is caught going on where WAIT asks any node", async () => {
    const right = await controls.copyWith();
    const isDone = ({ lag }: Lag): boolean => lag === 0;
    await whileOneReplicaHangs(right.bin, async (own) => {
      await expect(own.untilLag(isDone, { boundMs: GOES_ON_BOUND_MS })).rejects.toThrow("said nothing of it");
    });
    const wrong = await controls.copyWith(WAITS_AT_ANY_NODE);
    await whileOneReplicaHangs(wrong.bin, async (own) => {
      expect((await own.untilLag(isDone)).lag).toBe(0);
    });
  });

  /** Whether each bucket's progress says that all is applied. */
  const isApplied = async (of: TestFleet): Promise<boolean> => {
    const { progress } = await readRedisFleet(environment["LASTKNOWN_REDIS_NODES"] ?? "", of.name);
    const { partitions } = await of.untilLag(() => true);
    const ends = new Map(partitions.map(({ partition, end }) => [partition, end]));
    const isAtEnd = ([bucket, text]: [number, string]): boolean =>
      Number(text) === ends.get(bucket % PARTITIONS);
    return progress.size === BUCKETS && [...progress].every(isAtEnd);
  };
  const something: unknown = expect.anything();
  it.each<[what: string, change: BuildChange, wrong: Parameters<typeof expectWrong>[1]]>([
    [
      "the store does not look at the progress",
      {
        file: "consumer/dist/states/redis/state-scripts.js",
        from: "if progress < tonumber(ARGV[1]) then return {1, progress} end",
        to: "",
      },
      { states: { where: ":user:", expected: something, actual: undefined } },
    ],
    [
      "what is applied again is appended to the audit again",
      {
        file: "consumer/dist/settled/settled-records.js",
        from: "const to = this.#settled.get(partition)?.reappliedTo ?? 0;",
        to: "const to = 0;",
      },
      { audit: { where: "double of", expected: undefined, actual: something } },
    ],
  ])("is caught where %s", async (_what, change, wrong) => {
    const { bin } = await controls.copyWith(change);
    const own = await newFleet({ bin });
    await own.startWorker();
    const file = await sampleFile(own.folder, { users: 60, rows: 4_000, seed: 24 });
    await own.replay(file);
    await own.caughtUp();
    await redis.empty(0);
    await waitUntil(async () => ((await isApplied(own)) ? true : undefined), {
      what: "each bucket to have its progress again",
      boundMs: HEALED_BOUND_MS,
    });
    const judgement = await judge(own, file);
    expectWrong(judgement, wrong);
  });
});
