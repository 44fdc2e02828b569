import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { fleetNames, KafkaLogReader, loadSettings, silentLogger } from "@lastknown/shared";
import { KafkaTools } from "./harness/kafka-tools.js";
import { requiredEnvironment, TestFleet } from "./harness/test-fleet.js";

jest.setTimeout(120_000);

describe("what a Java producer compresses", () => {
  let fleet: TestFleet;
  const reader = new KafkaLogReader({ settings: loadSettings().kafka, logger: silentLogger });
  beforeAll(async () => {
    fleet = await TestFleet.create({ prefix: "codecs", partitions: 1 });
  });
  afterAll(async () => {
    await reader.close();
    await fleet?.close();
  });

  it("is converted by the broker in the events topic, and so can be read", async () => {
    const { eventsTopic } = fleetNames(fleet.name);
    const tools = new KafkaTools(requiredEnvironment("LASTKNOWN_KAFKA_BROKERS"));
    const keys: string[] = [];
    for (const codec of ["snappy", "lz4", "zstd", "gzip"]) {
      const own = Array.from({ length: 50 }, (_, index) => `${codec} ${index}`);
      await tools.produceKeys(eventsTopic, own, codec);
      keys.push(...own);
    }
    const read: string[] = [];
    for (let offset = 0; read.length < keys.length;) {
      const slice = await reader.read(eventsTopic, 0, offset, { bytesMax: 1 << 20, waitMs: 5_000 });
      expect(slice.nextOffset).toBeGreaterThan(offset);
      read.push(...slice.records.map(({ key }) => String(key)));
      offset = slice.nextOffset;
    }
    expect(read).toEqual(keys);
  });
});
