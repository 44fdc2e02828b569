import { connect } from "node:net";
import kafkajs, { Kafka } from "kafkajs";

/** Of 16 partitions, so many have a handler under way at a time. */
const PARTITIONS_AT_ONCE = 16;
/** What kafkajs takes to group the messages of one send grows with the square of their number. */
const BATCH_BYTES_MAX = 128 * 1024;

/** The two ways to read events with kafkajs, and its one way to send. */
export class Records {
  #consumer;
  #producer;
  #auditTopic;
  #eventsTopic;

  constructor({ brokers, group, eventsTopic, auditTopic }) {
    this.#eventsTopic = eventsTopic;
    this.#auditTopic = auditTopic;
    const kafka = new Kafka({ brokers, clientId: group, logLevel: kafkajs.logLevel.ERROR, socketFactory });
    this.#consumer = kafka.consumer({ groupId: group, maxBytesPerPartition: BATCH_BYTES_MAX });
    this.#producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  }

  /** @param {(partition: number, message: object) => Promise<void>} handle each message, one of a partition at a time */
  async eachMessage(handle) {
    await this.#connect();
    await this.#consumer.run({
      partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
      eachMessage: async ({ partition, message }) => handle(partition, message),
    });
  }

  /** @param {(partition: number, messages: readonly object[]) => Promise<void>} handle as many as one fetch brought of a partition */
  async eachBatch(handle) {
    await this.#connect();
    await this.#consumer.run({
      partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
      eachBatch: async ({ batch }) => handle(batch.partition, batch.messages),
    });
  }

  /** Resolves when all in-sync replicas have them. */
  async audit(partition, messages) {
    await this.#producer.send({
      topic: this.#auditTopic,
      acks: -1,
      messages: messages.map(({ key, value }) => ({ key, value, partition })),
    });
  }

  /** Lets the handlers under way come to their end. */
  async close() {
    await this.#consumer.disconnect();
    await this.#producer.disconnect();
  }

  async #connect() {
    await Promise.all([this.#consumer.connect(), this.#producer.connect()]);
    await this.#consumer.subscribe({ topics: [this.#eventsTopic], fromBeginning: true });
  }
}

/** By default a second small request would wait up to 41 ms for the answer to the first. */
function socketFactory({ host, port, onConnect }) {
  return connect({ host, port, noDelay: true }, onConnect);
}
