import { setTimeout as sleep } from "node:timers/promises";
import { unlessAborted, WORD_INTERVAL_MS, type Logger, type WorkerWord } from "@lastknown/shared";
import type { Attempts } from "../attempts/attempts.js";
import { isServerFault, type Patience } from "../faults/patience.js";
import type { Holdups } from "./holdups.js";
import type { PartitionKnowledge } from "./partition-starts.js";

export interface WordsOptions {
  readonly partitions: readonly number[];
  readonly attempts: Pick<Attempts, "load" | "committed" | "beginAt" | "say">;
  readonly knowledge: Pick<PartitionKnowledge, "positions" | "queue">;
  readonly holdups: Holdups;
  readonly patience: Pick<Patience, "waitingOn">;
  readonly logger: Logger;
  readonly lookIntervalMs?: number;
}

const LOOK_INTERVAL_MS = 500;
/** Twice the interval at which a worker that gets on commits. */
const SAY_AFTER_MS = 1000;

/** Since when nothing is committed of a partition, and why. */
interface Stand {
  readonly on: WorkerWord["on"];
  readonly committed: number | undefined;
  readonly sinceMs: number;
  saidAtMs: number | undefined;
}

/**
 * Says beside the committed offsets what an assignment does with partitions of which it commits nothing for longer
 * than a second: so whoever watches the group can tell one that waits or works long from one that is dead. One commit
 * each two seconds for all of them, and none while the work gets on.
 */
export class Words {
  readonly #options: WordsOptions;
  readonly #stands = new Map<number, Stand>();
  /** Partitions beside whose offset a word of ours stands → that offset. */
  readonly #said = new Map<number, number | undefined>();
  /** Whether the log has it that nothing can be said, by no fault of a server: until something is. */
  #isRefused = false;

  constructor(options: WordsOptions) {
    this.#options = options;
  }

  /** Until the signal is aborted. Never rejects: a word that is not said costs an answer to a question. */
  async speak(signal: AbortSignal): Promise<void> {
    const { lookIntervalMs = LOOK_INTERVAL_MS } = this.#options;
    while (!signal.aborted) {
      try {
        await sleep(lookIntervalMs, undefined, { signal });
        await this.#look(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#notSaid(error);
      }
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const nowMs = performance.now();
    for (const partition of this.#options.partitions) this.#note(partition, nowMs);
    if (!this.#isDue(nowMs)) return;
    const { attempts, knowledge } = this.#options;
    await unlessAborted(signal, attempts.load(signal));
    const words = this.#words(nowMs);
    for (const partition of words.keys()) {
      const done = knowledge.positions.doneOf(partition);
      // What its first batch will begin at, and note.
      if (done !== undefined) attempts.beginAt(partition, done);
    }
    if (await unlessAborted(signal, attempts.say(words))) this.#markSaid(words, nowMs);
  }

  #note(partition: number, nowMs: number): void {
    const { attempts } = this.#options;
    const on = this.#onOf(partition);
    const committed = attempts.committed(partition);
    // A commit has taken the word away.
    if (this.#said.get(partition) !== committed) this.#said.delete(partition);
    const stand = this.#stands.get(partition);
    if (on === undefined) this.#stands.delete(partition);
    else if (stand === undefined || stand.on !== on || stand.committed !== committed)
      this.#stands.set(partition, { on, committed, sinceMs: nowMs, saidAtMs: undefined });
  }

  /** Undefined where nothing is to be done, as far as is known. */
  #onOf(partition: number): WorkerWord["on"] | undefined {
    const { knowledge, holdups, patience } = this.#options;
    const held = holdups.of(partition);
    if (held === "registry") return held;
    const servers = patience.waitingOn();
    if (servers.includes("redis")) return "redis";
    if (servers.includes("kafka")) return "kafka";
    // A partition that is held waits for it alone, and in the background.
    if (servers.includes("registry") && !holdups.some("registry")) return "registry";
    if (held !== undefined) return held;
    const { positions, queue } = knowledge;
    if (positions.hasCome(partition) || queue.isFull) return "work";
    return positions.isWithheld(partition) ? "idle" : undefined;
  }

  #isDue(nowMs: number): boolean {
    for (const partition of this.#said.keys()) if (!this.#stands.has(partition)) return true;
    return [...this.#stands.values()].some(({ sinceMs, saidAtMs }) => {
      return nowMs - sinceMs >= SAY_AFTER_MS && nowMs - (saidAtMs ?? -Infinity) >= WORD_INTERVAL_MS;
    });
  }

  /** Undefined for a partition of which a word is to be taken back. */
  #words(nowMs: number): Map<number, WorkerWord | undefined> {
    const at = Date.now();
    const words = new Map<number, WorkerWord | undefined>();
    for (const partition of this.#said.keys()) words.set(partition, undefined);
    for (const [partition, { on, sinceMs }] of this.#stands) {
      const forMs = Math.round(nowMs - sinceMs);
      if (forMs >= SAY_AFTER_MS) words.set(partition, { on, forMs, at });
    }
    return words;
  }

  /** It is tried again twice a second: a right that is missing, told each time, would fill the log. */
  #notSaid(error: unknown): void {
    const { logger } = this.#options;
    if (isServerFault(error)) return logger.debug("nothing said beside the offsets", { error });
    if (!this.#isRefused) logger.warn("nothing said beside the offsets", { error });
    this.#isRefused = true;
  }

  #markSaid(words: ReadonlyMap<number, WorkerWord | undefined>, nowMs: number): void {
    if (this.#isRefused) this.#options.logger.info("said beside the offsets again");
    this.#isRefused = false;
    for (const [partition, word] of words) {
      if (word === undefined) this.#said.delete(partition);
      else this.#said.set(partition, this.#options.attempts.committed(partition));
      const stand = this.#stands.get(partition);
      if (stand !== undefined) stand.saidAtMs = nowMs;
    }
  }
}
