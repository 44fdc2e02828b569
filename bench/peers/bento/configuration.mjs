import { stateKey } from "../state-key.mjs";
import { NEWEST_OF_ALL_WIN } from "./scripts.mjs";

/** Of one partition, so many may be under way before their offsets are committed. */
const CHECKPOINT_LIMIT = 4000;
const IN_FLIGHT = 16;

/**
 * For each event an allocation as long as its batch is made, by the processor and by the output, so the time of an
 * event grows with larger batches. Each thread waits for Redis, so there are more of them than cores.
 */
const TUNING = {
  each: { threads: 8, batchRecords: 40 },
  batch: { threads: 4, batchRecords: 200 },
};

/**
 * Bento's configuration: JSON, which is YAML.
 * @param {"each" | "batch"} kind of what one call of the script applies
 */
export function bentoConfiguration(kind, { servers, group, prefix, eventsTopic, auditTopic }) {
  const { kafkaBrokers, redisNodes } = servers.stack.addresses;
  const { threads, batchRecords } = TUNING[kind];
  const redis = { url: redisNodes.map((address) => `redis://${address}`).join(","), kind: "cluster" };
  return JSON.stringify({
    http: { enabled: false },
    logger: { level: "WARN" },
    metrics: { none: {} },
    input: {
      kafka_franz: {
        seed_brokers: kafkaBrokers,
        topics: [eventsTopic],
        consumer_group: group,
        auto_offset_reset: "earliest",
        checkpoint_limit: CHECKPOINT_LIMIT,
        batching: { count: batchRecords, period: "20ms" },
      },
    },
    // In a branch the event itself goes on to the output, and not the script's answer.
    pipeline: { threads, processors: [{ branch: BRANCH[kind](keyMapping(prefix), redis) }] },
    output: {
      kafka_franz: {
        seed_brokers: kafkaBrokers,
        topic: auditTopic,
        key: '${! metadata("kafka_key") }',
        max_in_flight: IN_FLIGHT,
        compression: "none",
      },
    },
  });
}

const BRANCH = {
  each: (key, redis) => ({
    processors: [script(redis, { keys: `root = [ ${key} ]`, events: "root = [ content() ]" })],
  }),
  /** A batch is of one partition, so its keys are of one slot: the first message carries all, the others pass by. */
  batch: (key, redis) => ({
    request_map: `root = if batch_index() == 0 {
      { "keys": (${key}).from_all(), "events": content().from_all() }
    } else { deleted() }`,
    processors: [script(redis, { keys: "root = this.keys", events: "root = this.events" })],
  }),
};

function script(redis, { keys, events }) {
  return {
    redis_script: { ...redis, script: NEWEST_OF_ALL_WIN, keys_mapping: keys, args_mapping: events },
  };
}

/** `stateKey` of a message's own partition and user. */
function keyMapping(prefix) {
  const [before, between] = stateKey(prefix, "\0", "").split("\0");
  return `"${before}" + metadata("kafka_partition").string() + "${between}" + metadata("kafka_key")`;
}
