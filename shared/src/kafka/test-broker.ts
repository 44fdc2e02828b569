import { randomUUID } from "node:crypto";
import { silentLogger } from "../logging/index.js";
import { loadSettings, type KafkaSettings } from "../settings/index.js";
import { KafkaAdmin } from "./kafka-admin.js";

/** The broker that the environment names, as for the product, with short time-outs. */
export function testKafkaSettings(overrides: Partial<KafkaSettings> = {}): KafkaSettings {
  const { kafka } = loadSettings();
  return { ...kafka, connectTimeoutMs: 2000, requestTimeoutMs: 5000, ...overrides };
}

/** Makes topics with names of their own and removes them at the end. */
export class TestTopics {
  readonly admin = new KafkaAdmin({ settings: testKafkaSettings(), logger: silentLogger });
  readonly #created: string[] = [];

  async create(partitions: number, configuration: Record<string, string> = {}): Promise<string> {
    const topic = `test-${randomUUID()}`;
    const full = { "message.timestamp.type": "LogAppendTime", ...configuration };
    await this.admin.createTopics([{ topic, partitions, replicationFactor: 1, configuration: full }]);
    this.#created.push(topic);
    return topic;
  }

  async removeAll(): Promise<void> {
    const topics = this.#created.splice(0);
    if (topics.length > 0) await this.admin.deleteTopics(topics);
    await this.admin.close();
  }
}
