import type { Appender, AppendRecord } from "@lastknown/shared";
import { printMillis } from "../output/figures.js";

export interface ToldAppenderOptions {
  readonly appender: Appender;
  readonly brokers: readonly string[];
  /** How long the appender itself goes on trying. */
  readonly patienceMs: number;
  /** Takes a line for the person. */
  readonly tell: (line: string) => void;
  /** @default 5 s */
  readonly tellAfterMs?: number;
}

const TELL_AFTER_MS = 5_000;

/** An appender that says when Kafka acknowledges nothing for long, once, and when it does again. */
export class ToldAppender implements Appender {
  readonly #options: ToldAppenderOptions;
  #underWay = 0;
  #waitsSinceMs = 0;
  #isTold = false;
  #notice: NodeJS.Timeout | undefined;

  constructor(options: ToldAppenderOptions) {
    this.#options = options;
  }

  async append(topic: string, records: readonly AppendRecord[]): Promise<void> {
    if (this.#underWay++ === 0) this.#beginWait();
    try {
      await this.#options.appender.append(topic, records);
      this.#acknowledged();
    } finally {
      this.#underWay--;
      if (this.#underWay === 0) clearTimeout(this.#notice);
    }
  }

  async close(): Promise<void> {
    await this.#options.appender.close();
  }

  #acknowledged(): void {
    if (this.#isTold) {
      const waitedMs = performance.now() - this.#waitsSinceMs;
      this.#options.tell(`Kafka acknowledges records again, after ${printMillis(waitedMs)}`);
    }
    this.#isTold = false;
    if (this.#underWay > 1) this.#beginWait();
  }

  #beginWait(): void {
    const { brokers, patienceMs, tell, tellAfterMs = TELL_AFTER_MS } = this.#options;
    clearTimeout(this.#notice);
    this.#waitsSinceMs = performance.now();
    this.#notice = setTimeout(() => {
      this.#isTold = true;
      tell(
        `Kafka at ${brokers.join(",")} acknowledges no records for ${printMillis(tellAfterMs)} now; ` +
          `waiting, for ${Math.round(patienceMs / 60_000)} minutes at most (Ctrl-C twice gives up)`,
      );
    }, tellAfterMs);
  }
}
