// Questions that come whether the answers do or not, as those of many people do.

import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { spreadOf } from "../report/spread.mjs";
import { clockMs } from "./clock-ms.mjs";
import { Tally } from "./tally.mjs";

const THREAD = fileURLToPath(new URL("even-moments-thread.mjs", import.meta.url));
/** The thread starts meanwhile. */
const BEGIN_IN_MS = 200;

/**
 * Offers `perSecond` questions a second at even moments. Each is asked at its moment, where a connection is free, else
 * as soon as one is. Its wait counts from its moment; what has no answer by the end of `seconds` counts with what it
 * has waited by then.
 * @param {readonly { ask(path: string): Promise<number> }[]} connections
 * @param {(index: number) => string} pathOf
 * @param {{ seconds: number, perSecond: number }} load
 */
export async function askEvenly(connections, pathOf, { seconds, perSecond }) {
  const plan = {
    beginMs: clockMs() + BEGIN_IN_MS,
    everyMs: 1000 / perSecond,
    count: Math.round(perSecond * seconds),
  };
  const asking = new EvenAsking({ connections, pathOf, plan });
  const thread = new Worker(THREAD, { workerData: plan });
  thread.on("message", (passed) => asking.offer(passed));
  try {
    await Promise.race([once(thread, "exit"), asking.failure]);
  } finally {
    await thread.terminate();
  }
  return asking.end(seconds);
}

/** Questions in the order of their moments: offered, under way on some connection, answered. */
class EvenAsking {
  #options;
  /** Connections on which nothing is under way. */
  #free;
  #underWay = new Set();
  #offered = 0;
  #asked = 0;
  #lateMs = [];
  #tally = new Tally();
  #isOver = false;
  /** Rejects when a question fails. */
  failure;
  #fail;

  constructor(options) {
    this.#options = options;
    this.#free = [...options.connections];
    this.failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
  }

  /** @param {number} count of all questions whose moment has come */
  offer(count) {
    this.#offered = count;
    while (this.#asked < this.#offered && this.#free.length > 0) {
      void this.#askUntilFailed(this.#free.pop());
    }
  }

  end(seconds) {
    this.#isOver = true;
    const { count } = this.#options.plan;
    const unasked = Array.from({ length: count - this.#asked }, (_, index) => this.#asked + index);
    const waitedMs = [...this.#underWay, ...unasked].map((index) => this.#sinceMoment(index));
    return { ...this.#tally.figures(seconds, waitedMs), asked: spreadOf(this.#lateMs) };
  }

  /** Never rejects: `failure` does. */
  async #askUntilFailed(connection) {
    try {
      await this.#askWith(connection);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #askWith(connection) {
    while (this.#asked < this.#offered && !this.#isOver) {
      const index = this.#asked++;
      this.#underWay.add(index);
      this.#lateMs.push(this.#sinceMoment(index));
      const status = await connection.ask(this.#options.pathOf(index));
      if (this.#isOver) return;
      this.#underWay.delete(index);
      this.#tally.answered(status, this.#sinceMoment(index));
    }
    this.#free.push(connection);
  }

  #sinceMoment(index) {
    const { beginMs, everyMs } = this.#options.plan;
    return clockMs() - beginMs - index * everyMs;
  }
}
