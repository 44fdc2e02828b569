import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  fleetNames,
  KafkaAdmin,
  KafkaAppender,
  KafkaLogReader,
  loadSettings,
  planTopics,
  silentLogger,
  type LogRecord,
  type Settings,
} from "@lastknown/shared";
import { FleetForTest } from "./fleet-for-test.js";

export const REAL_PARTITIONS = 4;

/** Settings of a fleet with a name of its own, from the environment that names the servers. */
export function realSettings(flags: Record<string, string> = {}): Settings {
  return loadSettings({
    flags: {
      fleet: `query-it-${randomUUID()}`,
      partitions: String(REAL_PARTITIONS),
      "query-port": "0",
      "operations-port": "0",
      ...flags,
    },
  });
}

/** A fleet on the real broker, with an audit that compacts within a second or so; removed by `close`. */
export class RealFleet {
  readonly settings: Settings;
  readonly fleet: FleetForTest;
  readonly reader: KafkaLogReader;
  readonly #admin: KafkaAdmin;
  readonly #appender: KafkaAppender;
  readonly #directories: string[] = [];

  private constructor(settings: Settings) {
    const options = { settings: settings.kafka, logger: silentLogger };
    this.settings = settings;
    this.#admin = new KafkaAdmin(options);
    this.#appender = new KafkaAppender(options);
    this.reader = new KafkaLogReader(options);
    this.fleet = new FleetForTest({
      fleet: settings.fleet.name,
      appender: this.#appender,
      partitions: REAL_PARTITIONS,
      maxFutureSkew: settings.fleet.maxFutureSkewMicros,
    });
  }

  static async create(settings: Settings = realSettings()): Promise<RealFleet> {
    const real = new RealFleet(settings);
    const names = fleetNames(settings.fleet.name);
    const plans = planTopics(names, settings.topics, { partitions: REAL_PARTITIONS, brokers: 1 });
    const compactsSoon = {
      "segment.ms": "300",
      "min.cleanable.dirty.ratio": "0.01",
      "delete.retention.ms": "100",
    };
    await real.#admin.createTopics(
      plans.map((plan) =>
        plan.topic === names.auditTopic
          ? { ...plan, configuration: { ...plan.configuration, ...compactsSoon } }
          : plan,
      ),
    );
    await real.fleet.establish();
    return real;
  }

  /** A data directory of its own for one query service, removed by `close`. */
  async directory(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), "lastknown-query-"));
    this.#directories.push(path);
    return path;
  }

  /** All records of the audit as they stand now, by partition. */
  async auditRecords(): Promise<Map<number, LogRecord[]>> {
    const { auditTopic } = this.fleet.names;
    const records = new Map<number, LogRecord[]>();
    for (const [partition, { start, end }] of await this.reader.ends(auditTopic)) {
      const read: LogRecord[] = [];
      for (let position = start; position < end;) {
        const slice = await this.reader.read(auditTopic, partition, position, {
          bytesMax: 1_048_576,
          waitMs: 100,
        });
        read.push(...slice.records);
        position = slice.nextOffset;
      }
      records.set(partition, read);
    }
    return records;
  }

  /**
   * Waits until the audit has at most `doublesMax` doubled keys. A segment is closed only when something is
   * appended after its time, so each turn appends a double of the schema's copy; which compaction thereby moves
   * behind the entries that use it.
   */
  async compacted(doublesMax: number): Promise<Map<number, LogRecord[]>> {
    const TURNS_MAX = 60;
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      await this.fleet.copySchema();
      await sleep(350);
      const records = await this.auditRecords();
      const keys = [...records].flatMap(([partition, all]) =>
        all.map(({ key }) => `${partition} ${key?.toString("hex")}`),
      );
      if (keys.length - new Set(keys).size <= doublesMax) return records;
    }
    throw new Error(`the audit still has more than ${doublesMax} doubles after ${TURNS_MAX} turns`);
  }

  async close(): Promise<void> {
    const { eventsTopic, auditTopic, deadLetterTopic } = this.fleet.names;
    await this.#admin.deleteTopics([eventsTopic, auditTopic, deadLetterTopic]);
    await Promise.all([this.#admin.close(), this.#appender.close(), this.reader.close()]);
    for (const path of this.#directories) await rm(path, { recursive: true, force: true });
  }
}
