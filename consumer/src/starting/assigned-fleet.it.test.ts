import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  createKafka,
  fleetRecordKey,
  newFleetRecord,
  parseFleetRecord,
  planTopics,
  printFleetRecord,
  RedisKeys,
  silentLogger,
  type FleetRecord,
} from "@lastknown/shared";
import { eventually } from "../eventually.js";
import { KafkaWorkerGroup } from "../group/kafka/kafka-worker-group.js";
import { startWorker, type RunningWorker } from "../index.js";
import { TestFleet } from "../test-fleet.js";

const PARTITIONS = 2;
const NOW = Date.UTC(2024, 2, 10) * 1000;

describe("the stores of a fleet on the real servers", () => {
  let fleet: TestFleet;
  let worker: RunningWorker | undefined;
  let joiner: KafkaWorkerGroup | undefined;
  let other: FleetRecord;

  beforeEach(async () => {
    fleet = new TestFleet({ partitions: PARTITIONS });
    await fleet.create();
    other = newFleetRecord(PARTITIONS, fleet.settings.fleet.maxFutureSkewMicros);
    await produce(20);
    worker = await start();
    await eventually("committed", async () => (await fleet.lag()) === 0);
  });
  afterEach(async () => {
    await joiner?.leave();
    joiner = undefined;
    await worker?.stop();
    await fleet.remove();
  });

  const start = (): Promise<RunningWorker> => startWorker(fleet.settings, { logger: silentLogger });
  const produce = (count: number): Promise<void> =>
    fleet.produce(
      Array.from({ length: count }, (_, index) =>
        fleet.recordOf({ user: `user ${index}`, timeStamp: NOW + index, sts: NOW + index, attributes: {} }),
      ),
    );
  /** Another member makes the group share out anew. */
  const rebalance = async (): Promise<void> => {
    const { kafka, worker: membership } = fleet.settings;
    const { workerGroup: group, eventsTopic: topic } = fleet.names;
    joiner = new KafkaWorkerGroup({ settings: kafka, membership, group, topic, logger: silentLogger });
    await joiner.join({ assigned: () => undefined, revoked: () => undefined, failed: () => undefined });
  };
  const remake = async (topic: string, partitions = PARTITIONS): Promise<void> => {
    await fleet.admin.deleteTopics([topic]);
    const plans = planTopics(fleet.names, fleet.settings.topics, { partitions, brokers: 1 });
    const plan = plans.filter((one) => one.topic === topic);
    await eventually("gone", async () => (await fleet.admin.partitionCounts([topic])).size === 0);
    await fleet.admin.createTopics(plan);
    await eventually("there", async () => (await fleet.reader.ends(topic)).size === partitions);
  };
  const redisKey = (): string => new RedisKeys(fleet.names.fleet).fleetRecord();
  const idInRedis = async (): Promise<string> =>
    parseFleetRecord((await fleet.redis.get(redisKey())) ?? "").id;
  const refusalOfTheRunning = async (): Promise<string> => {
    await rebalance();
    const error = await (worker as RunningWorker).ended.then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    return String(error?.message);
  };
  const refusalAtStart = async (): Promise<string> => {
    await worker?.stop();
    worker = await start();
    const error = await worker.ended.then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    return String(error?.message);
  };
  const writeIntoAudit = async (record: FleetRecord): Promise<void> => {
    const value = Buffer.from(printFleetRecord(record));
    const records = Array.from({ length: PARTITIONS }, (_, partition) => {
      return { partition, key: fleetRecordKey(), value };
    });
    await fleet.appender.append(fleet.names.auditTopic, records);
  };

  test("an audit topic made anew is refused: by who runs at its next assignment, and by who starts", async () => {
    const id = await idInRedis();
    await remake(fleet.names.auditTopic);
    await writeIntoAudit(other);
    expect(await refusalOfTheRunning()).toContain(`fleet id ${id} here and ${other.id} there`);
    await worker?.stop();
    worker = undefined;
    await expect(start()).rejects.toThrow(`fleet id ${other.id} here and ${id} there`);
  }, 60_000);

  test("a Redis of another fleet is refused, and one that was emptied gets the record back", async () => {
    const id = await idInRedis();
    await fleet.redis.del(redisKey());
    await rebalance();
    await eventually("written back", async () => (await fleet.redis.exists(redisKey())) === 1);
    expect(await idInRedis()).toBe(id);
    await joiner?.leave();
    await fleet.redis.set(redisKey(), printFleetRecord(other));
    expect(await refusalOfTheRunning()).toContain(`fleet id ${id} here and ${other.id} there`);
    await worker?.stop();
    worker = undefined;
    await expect(start()).rejects.toThrow(`fleet id ${id} here and ${other.id} there`);
  }, 60_000);

  test("an events topic made anew, and longer already, is refused, though Kafka has dropped its offsets", async () => {
    await worker?.stop();
    worker = undefined;
    await remake(fleet.names.eventsTopic);
    await produce(100);
    expect(await fleet.admin.committed(fleet.names.workerGroup, fleet.names.eventsTopic)).toEqual(new Map());
    expect(await refusalAtStart()).toMatch(
      /was appended at .*, but the one there was at .*: the topic was made anew/,
    );
  }, 60_000);

  test("an events topic that was given more partitions is refused by who runs", async () => {
    const admin = createKafka(fleet.settings.kafka, { logger: silentLogger }).admin();
    await admin.connect();
    const topic = fleet.names.eventsTopic;
    await admin.createPartitions({ topicPartitions: [{ topic, count: PARTITIONS * 2 }] });
    await admin.disconnect();
    expect(await refusalOfTheRunning()).toMatch(
      /has at least [34] partitions, where fleet .* was made with 2/,
    );
  }, 60_000);
});
