import {
  fleetNames,
  KafkaAppender,
  KafkaLogReader,
  loadSettings,
  silentLogger,
  type AppendRecord,
} from "@lastknown/shared";
import { kafkaTool } from "@lastknown/stack";
import { waitUntil } from "../harness/wait-until.js";

/** A record of the audit as far as compaction looks at it. */
export type AuditRecord = AppendRecord & { readonly key: Buffer; readonly value: Buffer };

const CONFIG_TOOL = "kafka.admin.ConfigCommand";
const BROKERS = "LASTKNOWN_KAFKA_BROKERS";
/** A segment is closed after so long, and what is closed is cleaned however little of it is new. */
const QUICK_COMPACTION = "segment.ms=200,min.cleanable.dirty.ratio=0.01";
const COMPACTION_BOUND_MS = 90_000;
const NUDGE_EVERY_MS = 500;
const READ_BYTES_MAX = 4 * 1024 * 1024;
const READS_MAX = 10_000;
/** Of the fleet record, which stands in every partition. */
const FLEET_KEY = Buffer.from("fleet");

/** What a test does to the audit topic that neither the product nor the oracle does. */
export class AuditTopic {
  readonly #topic: string;
  readonly #reader: KafkaLogReader;
  readonly #appender: KafkaAppender;

  constructor(fleet: string) {
    this.#topic = fleetNames(fleet).auditTopic;
    const options = { settings: loadSettings().kafka, logger: silentLogger };
    this.#reader = new KafkaLogReader(options);
    this.#appender = new KafkaAppender(options);
  }

  /** All records that are there now, by partition and offset. */
  async records(): Promise<AuditRecord[]> {
    const records: AuditRecord[] = [];
    for (const [partition, { start, end }] of await this.#reader.ends(this.#topic)) {
      let next = start;
      for (let reads = 0; next < end && reads < READS_MAX; reads++) {
        const limits = { bytesMax: READ_BYTES_MAX, waitMs: 100 };
        const slice = await this.#reader.read(this.#topic, partition, next, limits);
        for (const { key, value } of slice.records) {
          if (key === null || value === null)
            throw new Error(`${this.#topic} holds a record without content`);
          records.push({ partition, key: Buffer.from(key), value: Buffer.from(value) });
        }
        next = slice.nextOffset;
      }
    }
    return records;
  }

  /**
   * Appends the first half of each partition's records once more, as a redelivery does that is cut off: after
   * compaction the arrivals of that half stand behind those of the other.
   */
  async redeliverFirstHalf(): Promise<void> {
    const records = await this.records();
    const partitions = new Set(records.map(({ partition }) => partition));
    for (const partition of partitions) {
      const own = records.filter((record) => record.partition === partition);
      await this.#appender.append(this.#topic, own.slice(0, own.length / 2));
    }
  }

  /**
   * Has the broker compact the topic for real, and resolves when no record but the fleet's is there twice. A
   * segment is closed only when something is appended, so each partition is given its fleet record again.
   *
   * @returns the records that were there more than once before, by partition
   */
  async compact(): Promise<Map<number, number>> {
    const before = doublesOf(await this.records());
    await this.#setQuickCompaction();
    const nudgeUnlessCompacted = async (): Promise<true | undefined> => {
      const records = await this.records();
      if (doublesOf(records).size === 0) return true;
      await this.#appender.append(this.#topic, fleetRecordsOf(records));
      return undefined;
    };
    const bounds = { boundMs: COMPACTION_BOUND_MS, everyMs: NUDGE_EVERY_MS };
    await waitUntil(nudgeUnlessCompacted, { what: `the compaction of ${this.#topic}`, ...bounds });
    return before;
  }

  async close(): Promise<void> {
    await Promise.all([this.#reader.close(), this.#appender.close()]);
  }

  async #setQuickCompaction(): Promise<void> {
    const address = ["--bootstrap-server", process.env[BROKERS] ?? ""];
    const topic = ["--entity-type", "topics", "--entity-name", this.#topic];
    const { exitCode, stdout, stderr } = await kafkaTool(CONFIG_TOOL, [
      ...address,
      "--alter",
      ...topic,
      "--add-config",
      QUICK_COMPACTION,
    ]);
    if (exitCode !== 0) throw new Error(`${CONFIG_TOOL}: ${stdout.toString()}${stderr.toString()}`);
  }
}

/** How many records compaction has to remove, by partition; those without any are absent. */
function doublesOf(records: readonly AuditRecord[]): Map<number, number> {
  const doubles = new Map<number, number>();
  const seen = new Set<string>();
  for (const { partition, key } of records) {
    if (key.equals(FLEET_KEY)) continue;
    const name = `${partition} ${key.toString("hex")}`;
    if (seen.has(name)) doubles.set(partition, (doubles.get(partition) ?? 0) + 1);
    seen.add(name);
  }
  return doubles;
}

function fleetRecordsOf(records: readonly AuditRecord[]): AuditRecord[] {
  const fleet = records.filter(({ key }) => key.equals(FLEET_KEY));
  return [...new Map(fleet.map((record) => [record.partition, record])).values()];
}
