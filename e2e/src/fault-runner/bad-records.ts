import { setTimeout as pause } from "node:timers/promises";
import { KafkaAppender, loadSettings, silentLogger } from "@lastknown/shared";
import { partitionOf } from "../oracle/index.js";

/**
 * Between two of them. Far below what stops a worker: 1 % of the last minute's records, of which there have to be 100
 * to count at all.
 */
const EVERY_MS = 1_000;
/** So long a broker may take for one, and one is tried: a run that ends waits for the last of them. */
const SEND_BOUND_MS = 5_000;

/** A record that is no event. */
export interface BadRecord {
  /** Its value; no other record has the same. */
  readonly text: string;
  /** Else it may stand in the topic, more than once even, or not at all. */
  readonly isAcknowledged: boolean;
}

/** Another program that writes into the events topic, again and again, what is no event: in changing partitions. */
export class BadRecords {
  readonly #topic: string;
  readonly #partitions: number;
  readonly #appender: KafkaAppender;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  readonly #sent: BadRecord[] = [];

  /** Sends to the brokers that the environment names. */
  constructor({ topic, partitions }: { topic: string; partitions: number }) {
    this.#topic = topic;
    this.#partitions = partitions;
    const settings = { ...loadSettings().kafka, requestTimeoutMs: SEND_BOUND_MS };
    this.#appender = new KafkaAppender({ settings, logger: silentLogger, callDeadlineMs: SEND_BOUND_MS });
    this.#running = this.#sendUntilStopped();
  }

  /** All that were sent; once it is stopped, nothing is under way besides. */
  get sent(): readonly BadRecord[] {
    return this.#sent;
  }

  /** Resolves when the last one is acknowledged, or given up. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#appender.close();
  }

  async #sendUntilStopped(): Promise<void> {
    const { signal } = this.#stopping;
    for (let count = 1; !signal.aborted; count++) {
      const text = `no event ${count}`;
      this.#sent.push({ text, isAcknowledged: await this.#send(text) });
      await pause(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Whether it is in the topic for sure. */
  async #send(text: string): Promise<boolean> {
    const record = { partition: partitionOf(text, this.#partitions), key: Buffer.from(text) };
    return await this.#appender.append(this.#topic, [{ ...record, value: Buffer.from(text) }]).then(
      () => true,
      // Brokers are made to fail here.
      () => false,
    );
  }
}
