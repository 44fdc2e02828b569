import type { Logger } from "../logging/index.js";
import type { Attempt } from "./bounded-retry.js";
import type { BrokerConnections } from "./broker-connections.js";
import { PartitionError, UNKNOWN_TOPIC_OR_PARTITION } from "./kafka-fault.js";
import { produceRequest, produceResponse, type PartitionBatch } from "./produce-protocol.js";

/** What of the connections is used to send; a test gives brokers that lose records. */
export type ProducingConnections = Pick<
  BrokerConnections,
  "call" | "leadersOf" | "broker" | "close" | "requestTimeoutMs"
>;

/** A batch on its way, and who waits for its acknowledgement. */
interface SentBatch {
  readonly batch: PartitionBatch;
  /** When it is over the batch must not be sent any more. */
  readonly attempt: Attempt;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Far below the 100 MB that a broker takes as one request; a single batch may still be larger. */
const REQUEST_BYTES_MAX = 4 * 1024 * 1024;
/** The broker's wait for its replicas ends first, so that its answer comes on a connection that is still used. */
const ACK_TIMEOUT_SHARE = 0.8;

/**
 * Sends batches to the leaders of their partitions. What is given in the same turn of the event loop for partitions
 * of one leader goes as one request. Each batch has an outcome of its own: what the broker said of its partition.
 *
 * One attempt only, and the caller has no two batches of one partition on their way.
 */
export class BatchSender {
  readonly #connections: ProducingConnections;
  readonly #logger: Logger;
  /** Node id of a leader → what its next request will hold; emptied at the end of the turn. */
  readonly #gathered = new Map<number, SentBatch[]>();

  constructor(connections: ProducingConnections, logger: Logger) {
    this.#connections = connections;
    this.#logger = logger;
  }

  /** Resolves when all in-sync replicas have the batch. Errors: PartitionError, or what kafkajs's connections throw. */
  async send(batch: PartitionBatch, attempt: Attempt): Promise<void> {
    const { topic, partition } = batch;
    const leader = (await this.#connections.leadersOf(topic)).get(partition);
    // Perhaps made since the metadata was loaded.
    if (leader === undefined) throw new PartitionError(topic, partition, UNKNOWN_TOPIC_OR_PARTITION);
    await new Promise<void>((resolve, reject) => {
      this.#gather(leader, { batch, attempt, resolve, reject });
    });
  }

  #gather(leader: number, sent: SentBatch): void {
    const together = this.#gathered.get(leader);
    if (together !== undefined) {
      together.push(sent);
      return;
    }
    this.#gathered.set(leader, [sent]);
    setImmediate(() => {
      const gathered = this.#gathered.get(leader) ?? [];
      this.#gathered.delete(leader);
      for (const request of splitIntoRequests(gathered)) void this.#request(leader, request);
    });
  }

  /** Never rejects: every batch is told its outcome. */
  async #request(leader: number, batches: readonly SentBatch[]): Promise<void> {
    try {
      const broker = await this.#connections.broker(leader);
      const connection = await broker.connectionPool.getConnection(0);
      const wanted = batches.filter(({ attempt }) => !attempt.isOver);
      if (wanted.length === 0) return;
      const { requestTimeoutMs } = this.#connections;
      const produced = await connection.send({
        request: produceRequest(
          wanted.map(({ batch }) => batch),
          Math.floor(requestTimeoutMs * ACK_TIMEOUT_SHARE),
        ),
        response: produceResponse,
        requestTimeout: requestTimeoutMs,
      });
      const codes = new Map(
        produced.map(({ topic, partition, errorCode }) => [placeOf(topic, partition), errorCode]),
      );
      this.#settle(wanted, codes);
    } catch (error) {
      this.#logger.warn("kafka append request failed", { broker: leader, batches: batches.length, error });
      for (const { reject } of batches) reject(error);
    }
  }

  #settle(batches: readonly SentBatch[], errorCodes: ReadonlyMap<string, number>): void {
    const failed: string[] = [];
    for (const { batch, resolve, reject } of batches) {
      const { topic, partition } = batch;
      const place = placeOf(topic, partition);
      // A partition that the answer does not name is not acknowledged (hazard K1).
      const errorCode = errorCodes.get(place);
      if (errorCode === 0) {
        resolve();
        continue;
      }
      failed.push(`${place}: ${errorCode ?? "no answer"}`);
      reject(new PartitionError(topic, partition, errorCode));
    }
    if (failed.length > 0) this.#logger.warn("kafka did not acknowledge all that was sent", { failed });
  }
}

function splitIntoRequests(batches: readonly SentBatch[]): SentBatch[][] {
  const requests: SentBatch[][] = [];
  let bytesLeft = 0;
  for (const sent of batches) {
    const request = requests.at(-1);
    const { length } = sent.batch.bytes;
    if (request === undefined || length > bytesLeft) {
      requests.push([sent]);
      bytesLeft = REQUEST_BYTES_MAX - length;
    } else {
      request.push(sent);
      bytesLeft -= length;
    }
  }
  return requests;
}

function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
