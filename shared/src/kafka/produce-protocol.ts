/** Version 7 of Produce, which brokers since Kafka 2.1 speak and Kafka 4 still does. */
const PRODUCE = { apiKey: 0, apiVersion: 7, apiName: "Produce" } as const;
const ALL_IN_SYNC = -1;
const NOT_TRANSACTIONAL = -1;
/** Base offset, append time and start of the log, 64 bits each: of no use to us. */
const UNUSED_ANSWER_BYTES = 24;

/** One batch for one partition; a request names a partition only once. */
export interface PartitionBatch {
  readonly topic: string;
  readonly partition: number;
  /** As encodeBatch wrote it. */
  readonly bytes: Buffer;
}

export interface ProducedPartition {
  readonly topic: string;
  readonly partition: number;
  /** 0 is success. */
  readonly errorCode: number;
}

/** A Produce request as kafkajs's connections take it, asking for the acknowledgement of all in-sync replicas. */
export function produceRequest(batches: readonly PartitionBatch[], ackTimeoutMs: number): object {
  const bytes = encodeProduce(batches, ackTimeoutMs);
  // kafkajs takes its own encoder's two faces: all its memory, and what of it is written.
  return { ...PRODUCE, encode: async () => ({ buf: bytes, buffer: bytes }) };
}

function encodeProduce(batches: readonly PartitionBatch[], ackTimeoutMs: number): Buffer {
  const byTopic = new Map<string, PartitionBatch[]>();
  for (const batch of batches) {
    const together = byTopic.get(batch.topic);
    if (together === undefined) byTopic.set(batch.topic, [batch]);
    else together.push(batch);
  }
  const head = Buffer.alloc(12);
  head.writeInt16BE(NOT_TRANSACTIONAL, 0);
  head.writeInt16BE(ALL_IN_SYNC, 2);
  head.writeInt32BE(ackTimeoutMs, 4);
  head.writeInt32BE(byTopic.size, 8);
  const parts: Buffer[] = [head];
  for (const [topic, ofTopic] of byTopic) {
    parts.push(topicHead(topic, ofTopic.length));
    for (const { partition, bytes } of ofTopic) {
      const batchHead = Buffer.alloc(8);
      batchHead.writeInt32BE(partition, 0);
      batchHead.writeInt32BE(bytes.length, 4);
      parts.push(batchHead, bytes);
    }
  }
  return Buffer.concat(parts);
}

function topicHead(topic: string, partitions: number): Buffer {
  const nameBytes = Buffer.byteLength(topic);
  const head = Buffer.alloc(2 + nameBytes + 4);
  head.writeInt16BE(nameBytes, 0);
  head.write(topic, 2);
  head.writeInt32BE(partitions, 2 + nameBytes);
  return head;
}

/** Reads the answer; the broker's throttling time stands at its end. */
export const produceResponse = {
  decode: async (payload: Buffer) => ({
    clientSideThrottleTime: payload.readInt32BE(payload.length - 4),
    payload,
  }),
  parse: async ({ payload }: { payload: Buffer }) => parseProduceAnswer(payload),
};

export function parseProduceAnswer(payload: Buffer): ProducedPartition[] {
  const produced: ProducedPartition[] = [];
  let at = 4;
  for (let topics = payload.readInt32BE(0); topics > 0; topics--) {
    const nameEnd = at + 2 + payload.readInt16BE(at);
    const topic = payload.toString("utf8", at + 2, nameEnd);
    at = nameEnd + 4;
    for (let partitions = payload.readInt32BE(nameEnd); partitions > 0; partitions--) {
      produced.push({ topic, partition: payload.readInt32BE(at), errorCode: payload.readInt16BE(at + 4) });
      at += 6 + UNUSED_ANSWER_BYTES;
    }
  }
  return produced;
}
