import type { BrokerConnections } from "./broker-connections.js";
import { OFFSET_NOT_AVAILABLE, PartitionError } from "./kafka-fault.js";
import type { InternalBroker } from "./kafkajs-internals.js";
import type { EndKind, PartitionEnds } from "./log-reader.js";

const READ_COMMITTED = 1;
const READ_UNCOMMITTED = 0;
const EARLIEST = -2;
const LATEST = -1;

/**
 * Asks the leaders of the given partitions, in one attempt. Errors: PartitionError, or what kafkajs's connections throw.
 */
export async function endsOf(
  connections: Pick<BrokerConnections, "partitionsByLeader" | "broker">,
  topic: string,
  partitions: readonly number[],
  kind: EndKind,
): Promise<Map<number, PartitionEnds>> {
  const isolationLevel = kind === "readable" ? READ_COMMITTED : READ_UNCOMMITTED;
  const byLeader = await connections.partitionsByLeader(topic, partitions);
  const ends = new Map<number, PartitionEnds>();
  await Promise.all(
    [...byLeader].map(async ([nodeId, led]) => {
      const broker = await connections.broker(nodeId);
      const [starts, lasts] = await Promise.all([
        listOffsets(broker, topic, led, { timestamp: EARLIEST, isolationLevel }),
        listOffsets(broker, topic, led, { timestamp: LATEST, isolationLevel }),
      ]);
      for (const partition of led) {
        const start = starts.get(partition);
        const end = lasts.get(partition);
        if (start === undefined || end === undefined) {
          throw new PartitionError(topic, partition, OFFSET_NOT_AVAILABLE);
        }
        ends.set(partition, { start, end });
      }
    }),
  );
  return new Map([...ends].sort(([a], [b]) => a - b));
}

/**
 * Asks for one end only, as a broker refuses two questions about one partition in one request. For committed records
 * the last one is the last stable offset, which an open transaction keeps below the high watermark.
 */
async function listOffsets(
  broker: InternalBroker,
  topic: string,
  partitions: readonly number[],
  { timestamp, isolationLevel }: { readonly timestamp: number; readonly isolationLevel: number },
): Promise<Map<number, number>> {
  const { responses } = await broker.listOffsets({
    isolationLevel,
    topics: [{ topic, partitions: partitions.map((partition) => ({ partition, timestamp })) }],
  });
  const listed = responses.flatMap((response) => response.partitions);
  return new Map(listed.map(({ partition, offset }) => [partition, Number(offset)]));
}
