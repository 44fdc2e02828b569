import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { type RunningStack, runCommand, startStack } from "@lastknown/stack";
import { readMetric, readMetrics } from "../../faults/read-metrics.js";
import { sampleFile } from "../../faults/sample-file.js";
import type { Service } from "../../harness/lastknown.js";
import { TestFleet } from "../../harness/test-fleet.js";
import { waitUntil } from "../../harness/wait-until.js";
import { type Arrival, complaintsAbout, recompute } from "../../oracle/index.js";
import { KAFKA_PRODUCE, ServerProxies } from "./server-proxies.js";

jest.setTimeout(240_000);

const BOUND = { boundMs: 60_000 };
const ROWS = 2_000;
const FRESHNESS = "lastknown_freshness_seconds";

describe("three brokers, six Redis nodes and the registry behind proxies", () => {
  const proxies = new ServerProxies({ seed: 17 });
  let stack: RunningStack | undefined;
  let fleet: TestFleet | undefined;
  let file = "";
  let expected: readonly Arrival[] = [];

  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), "lastknown-proxied-stack-"));
    const form = { brokers: 3, redisNodes: 6 } as const;
    const options = { directory, temporary: true, onProgress: () => undefined };
    stack = await startStack({ ...form, ...options, startProxies: proxies.start });
    fleet = await TestFleet.create({ prefix: "proxied", environment: stack.proxiedEnvironment });
    file = await sampleFile(fleet.folder, { users: 40, rows: ROWS, seed: 23 });
    expected = recompute(file).arrivals;
  });

  afterAll(async () => {
    await fleet?.close();
    await stack?.stop();
    await proxies.close();
  });

  const running = (): { fleet: TestFleet; stack: RunningStack } => {
    if (fleet === undefined || stack === undefined) throw new Error("the servers did not start");
    return { fleet, stack };
  };
  const freshnessOf = async (worker: Service): Promise<{ sum: number; count: number }> => {
    const metrics = await readMetrics(worker);
    return { sum: metrics.get(`${FRESHNESS}_sum`) ?? 0, count: metrics.get(`${FRESHNESS}_count`) ?? 0 };
  };
  const sumOf = (prefix: string, count: "swallowedAnswers" | "connections" | "delayed"): number =>
    proxies.all(prefix).reduce((sum, proxy) => sum + proxy.counts[count], 0);

  it("are reached by the product through the proxies alone", async () => {
    await running().fleet.startWorker();
    await running().fleet.startQuery();
    for (const server of ["kafka-1", "kafka-2", "kafka-3", "redis-1", "redis-2", "redis-3", "registry"]) {
      expect([server, proxies.before(server).counts.connections]).not.toEqual([server, 0]);
    }
  });

  it("lose answers, connections and time, and nothing of the data", async () => {
    const { fleet: own } = running();
    const worker = await own.startWorker();
    for (const broker of proxies.all("kafka-")) broker.dropAnswers({ times: 2, kafkaApiKey: KAFKA_PRODUCE });
    for (const node of proxies.all("redis-")) node.dropAnswers({ times: 1, containing: "evalsha" });
    const replay = own.start(["replay", file, "--rate", "400"]);

    const droppedAll = async (): Promise<true | undefined> =>
      sumOf("kafka-", "swallowedAnswers") === 6 && sumOf("redis-", "swallowedAnswers") >= 3
        ? true
        : undefined;
    await waitUntil(droppedAll, { what: "the answers to be dropped", ...BOUND });
    proxies.heal();
    for (const proxy of proxies.all()) proxy.resetAll();
    for (const broker of proxies.all("kafka-")) broker.delay({ latencyMs: 150, jitterMs: 50 });
    const before = await freshnessOf(worker);
    expect(await replay.ended).toEqual({ exitCode: 0, signal: null });
    const after = await freshnessOf(worker);
    // The record has to come, its audit entry to go and to be acknowledged: three ways.
    expect((after.sum - before.sum) / (after.count - before.count)).toBeGreaterThan(0.45);
    expect(sumOf("kafka-", "delayed")).toBeGreaterThan(0);

    proxies.heal();
    await own.caughtUp();
    const judgement = await own.judge({
      expected,
      // Rows whose acknowledgement was lost were sent again.
      judgeEvents: { resumed: true },
      doublesAllowed: true,
    });
    expect(complaintsAbout(judgement)).toEqual([]);
    expect(await readMetric(worker, 'lastknown_waiting_on_server{server="kafka"}')).toBe(0);
  });

  it("keep a replica from its master's writes while their link is cut, and let it catch up", async () => {
    const { redisNodes } = running().stack.addresses;
    const [master = "", , , replica = ""] = redisNodes;
    const masterProxy = proxies.before("redis-1");
    await waitUntil(async () => (await offsetOf(replica)) === (await offsetOf(master)) || undefined, {
      what: "the replica to have everything",
      ...BOUND,
    });
    masterProxy.cut({ direction: "to-client", traffic: "replication" });
    const swallowed = masterProxy.counts.swallowedBytesToClient;
    const copied = await offsetOf(replica);
    await setSomething(master);
    await waitUntil(async () => masterProxy.counts.swallowedBytesToClient > swallowed || undefined, {
      what: "the write to be swallowed",
      ...BOUND,
    });
    expect(await offsetOf(replica)).toBe(copied);
    expect(await offsetOf(master)).toBeGreaterThan(copied);

    masterProxy.heal();
    await waitUntil(async () => (await offsetOf(replica)) === (await offsetOf(master)) || undefined, {
      what: "the replica to have caught up",
      ...BOUND,
    });
    expect(masterProxy.counts.resets).toBeGreaterThan(0);
  });
});

async function redisCli(node: string, args: readonly string[]): Promise<string> {
  const [host = "", port = ""] = node.split(":");
  const { stdout } = await runCommand("redis-cli", ["-h", host, "-p", port, ...args], { boundMs: 10_000 });
  return stdout.toString();
}

/** How far the node has come in the stream of writes of its master, or in its own. */
async function offsetOf(node: string): Promise<number> {
  const replication = await redisCli(node, ["INFO", "replication"]);
  const own = /^slave_repl_offset:(\d+)/m.exec(replication) ?? /^master_repl_offset:(\d+)/m.exec(replication);
  return Number(own?.[1]);
}

/** A node refuses keys that are another one's. */
async function setSomething(node: string): Promise<void> {
  for (let number = 0; number < 100; number++) {
    if ((await redisCli(node, ["SET", `some-${number}`, "x"])).startsWith("OK")) return;
  }
  throw new Error(`${node} takes none of 100 keys`);
}
