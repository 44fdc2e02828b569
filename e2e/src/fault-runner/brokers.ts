import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kafkaTool, type RunningStack, type StackNode } from "@lastknown/stack";
import { inFolder } from "../oracle/servers/in-folder.js";

const TOPIC_TOOL = "org.apache.kafka.tools.TopicCommand";
const GROUP_TOOL = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
const REASSIGN_TOOL = "org.apache.kafka.tools.reassign.ReassignPartitionsCommand";
const ELECTION_TOOL = "org.apache.kafka.tools.LeaderElectionCommand";
const DESCRIBED_PARTITION = /\tTopic: (\S+)\tPartition: (\d+)\tLeader: (\d+)\tReplicas: ([\d,]+)/g;
const QUORUM_TOOL = "org.apache.kafka.tools.MetadataQuorumCommand";

const ATTEMPTS_MAX = 3;

interface PartitionPlace {
  readonly topic: string;
  readonly partition: number;
  readonly leader: number;
  readonly replicas: readonly number[];
}

/** The brokers that the faults are made to: who has which part, by Kafka's own tools. */
export class Brokers {
  readonly #stack: RunningStack;
  /** Which of them are asked. */
  readonly #asked: readonly string[];

  constructor(stack: RunningStack, asked: readonly string[] = stack.addresses.kafkaBrokers) {
    this.#stack = stack;
    this.#asked = asked;
  }

  /** The same, but this one is not asked: it hangs. */
  without(name: string): Brokers {
    const asked = this.#stack.addresses.kafkaBrokers.filter((_, index) => this.names[index] !== name);
    return new Brokers(this.#stack, asked);
  }

  get names(): string[] {
    return this.#stack.nodeNames.filter((name) => name.startsWith("kafka-"));
  }

  node(name: string): StackNode {
    return this.#stack.node(name);
  }

  /** Ends it if it runs, and starts it on its own files. Resolves when all servers are ready again. */
  async restart(name: string): Promise<void> {
    await this.#stack.restartNode(name);
  }

  /** The name of the broker that leads a partition. */
  async leaderOf(topic: string, partition: number): Promise<string> {
    const printed = await this.#ask(TOPIC_TOOL, ["--describe", "--topic", topic]);
    const line = printed.split("\n").find((text) => text.includes(`\tPartition: ${partition}\t`));
    return brokerName(/\tLeader: (\d+)/.exec(line ?? "")?.[1], `leader of ${topic}/${partition}`, printed);
  }

  /** The name of the broker that coordinates a group. */
  async coordinatorOf(group: string): Promise<string> {
    const printed = await this.#ask(GROUP_TOOL, ["--describe", "--state", "--group", group]);
    const line = printed.split("\n").find((text) => text.startsWith(group));
    return brokerName(/\((\d+)\)/.exec(line ?? "")?.[1], `coordinator of ${group}`, printed);
  }

  /** The name of the broker that leads the controllers. */
  async controller(): Promise<string> {
    const printed = await this.#ask(QUORUM_TOOL, ["describe", "--status"]);
    return brokerName(/LeaderId:\s+(\d+)/.exec(printed)?.[1], "controller", printed);
  }

  /**
   * Gives every partition of the topics its next replica as leader while it is written to. Gives how many moved:
   * those whose next replica is in sync.
   */
  async moveLeaders(topics: readonly string[]): Promise<number> {
    const before = await this.#places(topics);
    await this.#reassign(before);
    const after = await this.#places(topics);
    const isThere = ({ topic, partition, leader }: PartitionPlace): boolean =>
      after.some((now) => now.topic === topic && now.partition === partition && now.leader === leader);
    return before.filter((place) => !isThere(place)).length;
  }

  async #places(topics: readonly string[]): Promise<PartitionPlace[]> {
    return placesIn(await this.#ask(TOPIC_TOOL, ["--describe", "--topic", topics.join()]));
  }

  /** The order of a partition's replicas decides who is to lead: the first. */
  async #reassign(places: readonly PartitionPlace[]): Promise<void> {
    await inFolder("lastknown-reassign-", async (folder) => {
      const file = join(folder, "plan.json");
      const partitions = places.map(({ topic, partition, leader, replicas }) => {
        const others = replicas.filter((replica) => replica !== leader);
        return { topic, partition, replicas: [...others, leader] };
      });
      await writeFile(file, JSON.stringify({ version: 1, partitions }));
      await this.#ask(REASSIGN_TOOL, ["--reassignment-json-file", file, "--execute"]);
      await this.#ask(ELECTION_TOOL, ["--election-type", "preferred", "--all-topic-partitions"]);
    });
  }

  /** @param options of the tool, beside the brokers' addresses */
  async #ask(tool: string, options: readonly string[]): Promise<string> {
    for (let attempts = 1; ; attempts++) {
      const answer = await kafkaTool(tool, ["--bootstrap-server", this.#asked.join(","), ...options]);
      const said = `${answer.stdout.toString()}${answer.stderr.toString()}`;
      // A tool may fail and end with 0.
      const isTimedOut = said.includes("Timed out");
      if (answer.exitCode === 0 && !isTimedOut) return answer.stdout.toString();
      // It may have begun with the very broker that hangs.
      if (!isTimedOut || attempts >= ATTEMPTS_MAX) throw new Error(`${tool}: ${said}`);
    }
  }
}

function brokerName(id: string | undefined, what: string, printed: string): string {
  if (id === undefined) throw new Error(`no ${what} in: ${printed}`);
  return `kafka-${id}`;
}

function placesIn(described: string): PartitionPlace[] {
  return [...described.matchAll(DESCRIBED_PARTITION)].map(
    ([, topic = "", partition, leader, replicas = ""]) => ({
      topic,
      partition: Number(partition),
      leader: Number(leader),
      replicas: replicas.split(",").map(Number),
    }),
  );
}
