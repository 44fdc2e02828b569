import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { kafkaTool } from "@lastknown/stack";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readRedisFleet } from "./redis-fleet.js";
import { readSchemaTexts } from "./schema-texts.js";
import { readTopic } from "./read-topic.js";

const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: these tests need the real servers`);
  return value;
};

const run = `oracle-${randomBytes(4).toString("hex")}`;

describe("reading a topic with Kafka's own tools", () => {
  const brokers = required("LASTKNOWN_KAFKA_BROKERS");
  const topic = `${run}.events`;
  const topicCommand = (...args: string[]): ReturnType<typeof kafkaTool> => {
    return kafkaTool("org.apache.kafka.tools.TopicCommand", [
      "--bootstrap-server",
      brokers,
      "--topic",
      topic,
      ...args,
    ]);
  };

  beforeAll(async () => {
    await topicCommand("--create", "--partitions", "2");
  }, 60_000);

  afterAll(async () => {
    await topicCommand("--delete");
  }, 60_000);

  it("gives every record of every partition, and nothing of an empty topic", async () => {
    expect(await readTopic({ brokers, topic })).toEqual([]);
    const lines = Array.from({ length: 50 }, (_, index) => `user-${index}:värde ${index}`);
    const args = ["--bootstrap-server", brokers, "--topic", topic];
    args.push("--reader-property", "parse.key=true", "--reader-property", "key.separator=:");
    const producer = "org.apache.kafka.tools.ConsoleProducer";
    await kafkaTool(producer, args, { input: `${lines.join("\n")}\n` });
    const records = await readTopic({ brokers, topic });
    const found = records.map(({ key, value }) => `${key?.toString()}:${value?.toString()}`);
    expect(new Set(found)).toEqual(new Set(lines));
    expect(found).toHaveLength(50);
    for (const partition of [0, 1]) {
      const offsets = records.filter((record) => record.partition === partition).map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.map((_, index) => index));
      expect(offsets.length).toBeGreaterThan(0);
    }
  }, 60_000);
});

describe("reading Redis with redis-cli", () => {
  const nodes = required("LASTKNOWN_REDIS_NODES");
  const users = ["plain", 'new\nline "{0}" \\', "emoji 🚚", "café/5", "x".repeat(256)];
  const keyOf = (user: string, index: number): string => `${run}{${index * 50}}:user:${user}`;
  const cli = (...args: string[]): void => {
    const [host = "", port = ""] = (nodes.split(",")[0] ?? "").split(":");
    execFileSync("redis-cli", ["-c", "-h", host, "-p", port, ...args]);
  };

  afterAll(() => {
    users.forEach((user, index) => cli("DEL", keyOf(user, index)));
    cli("DEL", `${run}{17}:progress`);
  });

  it("gives the hashes and the progress of this fleet alone, from every master", async () => {
    users.forEach((user, index) => cli("HSET", keyOf(user, index), "attributes", `{"a":"${user}\\n\\""}`));
    cli("SET", `${run}{17}:progress`, "42");
    const { states, progress } = await readRedisFleet(nodes, run);
    expect(Object.fromEntries(states)).toEqual(
      Object.fromEntries(
        users.map((user, index) => [keyOf(user, index), { attributes: `{"a":"${user}\\n\\""}` }]),
      ),
    );
    expect([...progress]).toEqual([[17, "42"]]);
    expect((await readRedisFleet(nodes, `${run}-other`)).states.size).toBe(0);
  });
});

describe("reading the registry", () => {
  it("gives a schema's text by its id, and leaves out an id that it does not know", async () => {
    const url = required("LASTKNOWN_REGISTRY_URL");
    const schema = JSON.stringify({ type: "record", name: run.replace("-", "_"), fields: [] });
    const response = await fetch(`${url}/subjects/${run}-value/versions`, {
      method: "POST",
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: JSON.stringify({ schema }),
    });
    const { id } = (await response.json()) as { id: number };
    const texts = await readSchemaTexts(url, [id, 999_999_999]);
    expect([...texts.keys()]).toEqual([id]);
    expect(JSON.parse(texts.get(id) ?? "")).toEqual(JSON.parse(schema));
  });
});
