import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { connectRedis, KafkaAdmin, loadSettings, silentLogger, waitUntilReady } from "@lastknown/shared";
import { KafkaTools } from "../harness/kafka-tools.js";
import { requiredEnvironment, TestFleet, type QueryService } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { complaintsAbout, recompute } from "../oracle/index.js";
import { readMetric } from "./read-metrics.js";
import { sampleFile } from "./sample-file.js";

jest.setTimeout(180_000);

const TOPIC_BOUND_MS = 30_000;
const LOOKS_MS = 3_000;

describe("an offset that no worker of the fleet committed", () => {
  let fleet: TestFleet;
  let admin: KafkaAdmin;
  let redis: ReturnType<typeof connectRedis>;

  beforeAll(async () => {
    const settings = loadSettings();
    fleet = await TestFleet.create({ prefix: "foreign-commits" });
    admin = new KafkaAdmin({ settings: settings.kafka, logger: silentLogger });
    redis = connectRedis(settings.redis, silentLogger);
    await waitUntilReady(redis, settings.redis);
  });

  afterAll(async () => {
    await Promise.all([fleet?.close(), admin?.close(), redis?.quit()]);
  });

  it("keeps no record out of the audit: set by a tool, and left by a fleet whose audit was deleted", async () => {
    const file = await sampleFile(fleet.folder, { users: 20, rows: 500, seed: 5 });
    await fleet.replay(file);
    const kafka = new KafkaTools(requiredEnvironment("LASTKNOWN_KAFKA_BROKERS"));
    await kafka.setOffsetsToEnd(`${fleet.name}.worker`, `${fleet.name}.events`);
    const query = await fleet.startQuery();
    // Nothing is done, and nobody says that it is.
    expect((await fleet.untilLag(() => true)).lag).toBe(500);
    await expectViewBehind(query);
    const worker = await fleet.startWorker();
    await fleet.caughtUp(query);
    const expected = recompute(file).arrivals;
    expect(complaintsAbout(await fleet.judge({ expected, doublesAllowed: false }))).toEqual([]);
    await Promise.all([worker.stop(), query.stop()]);

    await admin.deleteTopics([`${fleet.name}.audit`]);
    const gone = async (): Promise<true | undefined> =>
      (await admin.partitionCounts([`${fleet.name}.audit`])).size === 0 ? true : undefined;
    await waitUntil(gone, { what: "the topic to be gone", boundMs: TOPIC_BOUND_MS });
    // As the message says, that this ends with.
    await expect(fleet.run(["topics"])).rejects.toThrow(`delete the keys ${fleet.name}{*}`);
    await deleteKeys();
    await fleet.run(["topics"]);
    await fleet.startWorker();
    const anew = await fleet.startQuery("view of the new audit");
    await fleet.caughtUp(anew);
    expect(complaintsAbout(await fleet.judge({ expected, doublesAllowed: false }))).toEqual([]);
  });

  /** For as long as several looks of the service at the logs take. */
  async function expectViewBehind(query: QueryService): Promise<void> {
    const lags: number[] = [];
    const fromMs = performance.now();
    while (performance.now() < fromMs + LOOKS_MS) {
      lags.push(await readMetric(query, "lastknown_view_lag_seconds"));
      await pause(100);
    }
    // It is not a number before the first look.
    expect(lags.filter((lag) => lag === 0)).toEqual([]);
    expect(lags.at(-1)).toBeGreaterThan(0);
  }

  async function deleteKeys(): Promise<void> {
    for (const node of redis.nodes("master")) {
      for (const key of await node.keys(`${fleet.name}{*`)) await node.del(key);
    }
  }
});
