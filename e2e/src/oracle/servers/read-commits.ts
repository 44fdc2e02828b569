import { CONSUMER_TOOL, runTool, SILENCES_MS } from "./run-tool.js";

const FORMATTER = "org.apache.kafka.tools.consumer.OffsetsMessageFormatter";
/** Where the brokers keep the offsets of all groups. */
const OFFSETS_TOPIC = "__consumer_offsets";

/** One offset that a group committed, ever. */
export interface Commit {
  readonly partition: number;
  /** That of the next record. */
  readonly offset: number;
  /** By the coordinator's clock, in ms since 1970. */
  readonly atMs: number;
}

interface PrintedCommit {
  readonly key: {
    readonly data: { readonly group: string; readonly topic: string; readonly partition: number };
  };
  /** Null where the offset was deleted. */
  readonly value: { readonly data: { readonly offset: number; readonly commitTimestamp: number } } | null;
}

/**
 * Every commit of a group for one topic, in the order in which the coordinator took them, partition by partition. None
 * at all is believed only where the consumer was patient.
 */
export async function readCommits(place: {
  readonly brokers: string;
  readonly group: string;
  readonly topic: string;
}): Promise<Commit[]> {
  for (const silenceMs of SILENCES_MS) {
    const commits = parseCommits(await printCommits(place.brokers, silenceMs), place);
    if (commits.length > 0) return commits;
  }
  return [];
}

async function printCommits(brokers: string, silenceMs: number): Promise<string> {
  const args = ["--bootstrap-server", brokers, "--topic", OFFSETS_TOPIC, "--from-beginning"];
  args.push("--timeout-ms", String(silenceMs), "--formatter", FORMATTER);
  return await runTool(CONSUMER_TOOL, args);
}

/** The formatter prints one JSON object after the other, with nothing in between. */
export function parseCommits(printed: string, { group, topic }: { group: string; topic: string }): Commit[] {
  const commits: Commit[] = [];
  for (const text of printed.split(/(?<=\})\s*(?=\{"key":)/)) {
    if (text.trim() === "") continue;
    const { key, value } = JSON.parse(text) as PrintedCommit;
    if (key.data.group !== group || key.data.topic !== topic || value === null) continue;
    const { offset, commitTimestamp } = value.data;
    commits.push({ partition: key.data.partition, offset, atMs: commitTimestamp });
  }
  return commits;
}
