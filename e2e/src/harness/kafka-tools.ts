import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kafkaTool } from "@lastknown/stack";
import { inFolder } from "../oracle/servers/in-folder.js";

const CONFIG_TOOL = "kafka.admin.ConfigCommand";
const DELETE_TOOL = "org.apache.kafka.tools.DeleteRecordsCommand";
const GROUP_TOOL = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
const PRODUCER_TOOL = "org.apache.kafka.tools.ConsoleProducer";
const TOPIC_TOOL = "org.apache.kafka.tools.TopicCommand";

/** What an operator does to a broker with Kafka's own command-line tools. */
export class KafkaTools {
  readonly #brokers: string;

  /** @param brokers `host:port`, separated by commas */
  constructor(brokers: string) {
    this.#brokers = brokers;
  }

  async createTopic(topic: string, partitions: number): Promise<void> {
    await this.#run(TOPIC_TOOL, ["--create", "--topic", topic, "--partitions", String(partitions)]);
  }

  /** Sets some of a topic's settings, e.g. `{"max.message.bytes": "100000"}`. */
  async configureTopic(topic: string, settings: Readonly<Record<string, string>>): Promise<void> {
    const wanted = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    const entity = ["--entity-type", "topics", "--entity-name", topic];
    await this.#run(CONFIG_TOOL, ["--alter", ...entity, "--add-config", wanted.join(",")]);
  }

  /** The names of all groups that begin so. */
  async groups(prefix: string): Promise<string[]> {
    const names = (await this.#run(GROUP_TOOL, ["--list"])).split("\n");
    return names.filter((name) => name.startsWith(prefix)).toSorted();
  }

  /** Moves a group's committed offsets back by so many records in every partition. The group has to be empty. */
  async shiftOffsetsBack(group: string, topic: string, records: number): Promise<void> {
    const place = ["--group", group, "--topic", topic];
    await this.#run(GROUP_TOOL, [...place, "--reset-offsets", "--shift-by", String(-records), "--execute"]);
  }

  /** Sets a group's committed offsets to the end of a topic. The group has to be empty. */
  async setOffsetsToEnd(group: string, topic: string): Promise<void> {
    const place = ["--group", group, "--topic", topic];
    await this.#run(GROUP_TOOL, [...place, "--reset-offsets", "--to-latest", "--execute"]);
  }

  /** Removes what stands before these offsets, by partition, as retention does. */
  async deleteRecordsBefore(topic: string, offsets: ReadonlyMap<number, number>): Promise<void> {
    const partitions = [...offsets].map(([partition, offset]) => ({ topic, partition, offset }));
    await inFolder("lastknown-delete-records-", async (folder) => {
      const file = join(folder, "offsets.json");
      await writeFile(file, JSON.stringify({ partitions, version: 1 }));
      await this.#run(DELETE_TOOL, ["--offset-json-file", file]);
    });
  }

  /**
   * Produces one record per key by the Java client's default partitioner; the value is the key once more. A key
   * is one line of UTF-8 without a tab.
   *
   * @param codec what the producer compresses with
   */
  async produceKeys(topic: string, keys: readonly string[], codec = "none"): Promise<void> {
    const properties = ["--reader-property", "parse.key=true", "--reader-property", "key.separator=\t"];
    const input = keys.map((key) => `${key}\t${key}\n`).join("");
    await this.#run(PRODUCER_TOOL, ["--topic", topic, "--compression-codec", codec, ...properties], input);
  }

  /** Gives what it printed. Some tools report a failure on standard output with exit code 0. */
  async #run(tool: string, args: readonly string[], input = ""): Promise<string> {
    const all = ["--bootstrap-server", this.#brokers, ...args];
    const { exitCode, stdout, stderr } = await kafkaTool(tool, all, { input });
    const said = `${stdout.toString()}\n${stderr.toString()}`;
    if (exitCode !== 0 || /^Error/m.test(said)) throw new Error(`${tool} ended with ${exitCode}: ${said}`);
    return stdout.toString();
  }
}
