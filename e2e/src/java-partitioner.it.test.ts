import { beforeAll, describe, expect, it, jest } from "@jest/globals";
import { partitionOf } from "@lastknown/shared";
import * as fc from "fast-check";
import { randomBytes } from "node:crypto";
import { KafkaTools } from "./harness/kafka-tools.js";
import { requiredEnvironment } from "./harness/test-fleet.js";
import { partitionOf as oraclePartitionOf, readTopic } from "./oracle/index.js";

jest.setTimeout(120_000);

const PARTITIONS = 32;
const RANDOM_IDS = 600;
const ODD_IDS = ["/", "{}", "..", "-", " ", "a b", "007", "Zürich", "東京", "\u{1f68c}", "e\u0301", "\u00e9"];

/** The console producer takes a record per line, and splits a line at its first tab. */
const ids = fc
  .string({ unit: "binary", minLength: 1, maxLength: 60 })
  .filter((id) => !/[\t\r\n\0]/.test(id) && Buffer.byteLength(id) <= 256);

describe("the partition of a user", () => {
  const topic = `java-partitioner-${randomBytes(4).toString("hex")}`;
  const placed: { id: string; partition: number }[] = [];

  beforeAll(async () => {
    const brokers = requiredEnvironment("LASTKNOWN_KAFKA_BROKERS");
    const kafka = new KafkaTools(brokers);
    await kafka.createTopic(topic, PARTITIONS);
    const all = [...ODD_IDS, "x".repeat(256), "€".repeat(85), ...fc.sample(ids, RANDOM_IDS)];
    await kafka.produceKeys(topic, all);
    for (const { key, partition } of await readTopic({ brokers, topic })) {
      placed.push({ id: key?.toString() ?? "", partition });
    }
    expect(placed.map(({ id }) => id).toSorted()).toEqual(all.toSorted());
  });

  it("is where the Java client's default partitioner puts the id, for some hundred random ones", () => {
    const ours = placed.map(({ id }) => ({ id, partition: partitionOf(Buffer.from(id), PARTITIONS) }));
    expect(ours).toEqual(placed);
    expect(new Set(placed.map(({ partition }) => partition)).size).toBe(PARTITIONS);
  });

  it("is the same by the oracle's own reckoning", () => {
    expect(placed.map(({ id }) => ({ id, partition: oraclePartitionOf(id, PARTITIONS) }))).toEqual(placed);
  });
});
