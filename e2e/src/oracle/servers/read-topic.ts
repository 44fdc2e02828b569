import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { formatterOptions, newSeparators, parseConsoleOutput } from "./console-output.js";
import { inFolder } from "./in-folder.js";
import { kafkaArguments, type OracleLogin } from "./oracle-login.js";
import { CONSUMER_TOOL, runTool, SILENCES_MS } from "./run-tool.js";
import type { TopicRecord } from "./topic-record.js";

const OFFSETS_TOOL = "org.apache.kafka.tools.GetOffsetShell";

export interface TopicAddress {
  /** `host:port`, separated by commas. */
  readonly brokers: string;
  readonly topic: string;
  readonly login?: OracleLogin | undefined;
}

/** By partition: the offset after the last record. */
export type TopicEnds = ReadonlyMap<number, number>;

/** The ends of one topic, by Kafka's own tool. */
export async function readTopicEnds({ brokers, topic, login }: TopicAddress): Promise<TopicEnds> {
  const [ends] = await readEnds(brokers, [topic], login);
  return ends as TopicEnds;
}

/** The ends of several topics, in their order, by one run of the tool. */
export async function readEnds(
  brokers: string,
  topics: readonly string[],
  login?: OracleLogin,
): Promise<TopicEnds[]> {
  const pattern = topics.map((topic) => topic.replaceAll(".", "\\.")).join("|");
  const args = ["--bootstrap-server", brokers, "--topic", pattern, ...kafkaArguments(login)];
  const printed = await runTool(OFFSETS_TOOL, args);
  const ends = new Map(topics.map((topic) => [topic, new Map<number, number>()]));
  for (const line of printed.split("\n")) {
    const [name = "", partition, end] = line.split(":");
    ends.get(name)?.set(Number(partition), Number(end));
  }
  for (const [topic, { size }] of ends) if (size === 0) throw new Error(`no topic ${topic}: ${printed}`);
  return [...ends.values()];
}

/**
 * Every record of a topic, ordered by partition and offset, read by Kafka's own console consumer.
 *
 * @param known the ends, where they were read before
 * @throws Error where a partition's last record is missing, for then the consumer gave up too early. (What
 *   compaction may remove is never the last.)
 */
export async function readTopic(address: TopicAddress, known?: TopicEnds): Promise<TopicRecord[]> {
  const ends = known ?? (await readTopicEnds(address));
  const total = [...ends.values()].reduce((sum, end) => sum + end, 0);
  if (total === 0) return [];
  let missing = "";
  for (const silenceMs of SILENCES_MS) {
    const records = await consumeAll(address, { recordsMax: total, silenceMs });
    records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
    const last = new Map(records.map(({ partition, offset }) => [partition, offset]));
    const cut = [...ends].find(([partition, end]) => (last.get(partition) ?? -1) < end - 1);
    if (cut === undefined) return records;
    missing = `${address.topic}/${cut[0]} was read to ${last.get(cut[0])} of ${cut[1]}`;
  }
  throw new Error(missing);
}

async function consumeAll(
  { brokers, topic, login }: TopicAddress,
  { recordsMax, silenceMs }: { recordsMax: number; silenceMs: number },
): Promise<TopicRecord[]> {
  const separators = newSeparators();
  return await inFolder("lastknown-oracle-", async (folder) => {
    const outputFile = join(folder, "records");
    const args = ["--bootstrap-server", brokers, "--topic", topic, "--from-beginning"];
    args.push(...kafkaArguments(login));
    args.push("--timeout-ms", String(silenceMs), "--max-messages", String(recordsMax));
    args.push(...formatterOptions(separators));
    await runTool(CONSUMER_TOOL, args, { outputFile });
    return parseConsoleOutput(await readFile(outputFile), separators);
  });
}
