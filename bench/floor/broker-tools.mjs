// What the broker alone allows, asked by the tools of its own distribution.

import { kafkaTool } from "@lastknown/stack";
import { cpuMicrosOfAll } from "../machine/process-cost.mjs";

const RECORD_BYTES = 150;
const BOUND_MS = 300_000;
const PRODUCER = ["acks=all", "batch.size=262144", "linger.ms=5", "buffer.memory=67108864"];

/**
 * @param {{ brokers: string, topic: string, records: number, brokerPids: readonly number[] }} options
 * @returns {Promise<Record<"produce" | "consume", { recordsPerSecond: number, mbPerSecond: number, brokerMicrosPerRecord: number }>>}
 */
export async function brokerTools({ brokers, topic, records, brokerPids }) {
  const counted = async (work) => {
    const before = cpuMicrosOfAll(brokerPids);
    const rates = await work();
    return { ...rates, brokerMicrosPerRecord: (cpuMicrosOfAll(brokerPids) - before) / records };
  };
  const count = ["--num-records", String(records)];
  const produce = await counted(async () => {
    const properties = ["--producer-props", `bootstrap.servers=${brokers}`, ...PRODUCER];
    const size = ["--record-size", String(RECORD_BYTES), "--throughput", "-1"];
    const printed = await run("org.apache.kafka.tools.ProducerPerformance", [
      "--topic",
      topic,
      ...count,
      ...size,
      ...properties,
    ]);
    return producedIn(printed);
  });
  const consume = await counted(async () => {
    const args = ["--bootstrap-server", brokers, "--topic", topic, ...count, "--hide-header"];
    return consumedIn(await run("org.apache.kafka.tools.ConsumerPerformance", args));
  });
  return { produce, consume };
}

async function run(className, args) {
  return (await kafkaTool(className, args, { boundMs: BOUND_MS })).stdout.toString();
}

/** `… records sent, 123.4 records/sec (12.3 MB/sec), …` in the last line. */
function producedIn(printed) {
  const match = [...printed.matchAll(/([\d.]+) records\/sec \(([\d.]+) MB\/sec\)/g)].at(-1);
  if (match === undefined) throw new Error(`the producer's tool says no rate: ${printed.slice(-300)}`);
  return { recordsPerSecond: Number(match[1]), mbPerSecond: Number(match[2]) };
}

/**
 * start, end, MB, MB/s, records, records/s, ms of joining the group, ms of fetching, MB/s of fetching, records/s of
 * fetching: the last two leave out the joining.
 */
function consumedIn(printed) {
  const line = printed
    .trim()
    .split("\n")
    .findLast((each) => each.split(",").length === 10);
  if (line === undefined) throw new Error(`the consumer's tool says no rate: ${printed.slice(-300)}`);
  const fields = line.split(",").map((field) => field.trim());
  return { recordsPerSecond: Number(fields[9]), mbPerSecond: Number(fields[8]) };
}
