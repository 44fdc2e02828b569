import { Cluster } from "ioredis";
import { NEWEST_WINS } from "../../state-key.mjs";

/** The states in Redis Cluster, by ioredis as its documentation has it: the script as a command of its own. */
export class States {
  #cluster;

  /** @param {readonly string[]} addresses `host:port` */
  constructor(addresses) {
    const nodes = addresses.map((address) => {
      const [host, port] = address.split(":");
      return { host, port: Number(port) };
    });
    this.#cluster = new Cluster(nodes, {
      scripts: { newestWins: { lua: NEWEST_WINS, numberOfKeys: 1 } },
    });
  }

  /** One call for one event. */
  async applyOne({ key, time, event }) {
    await this.#cluster.newestWins(key, time, event);
  }

  /** One call for each event, all in one pipeline. Their keys are of one slot. */
  async applyMany(events) {
    const pipeline = this.#cluster.pipeline();
    for (const { key, time, event } of events) pipeline.newestWins(key, time, event);
    for (const [error] of await pipeline.exec()) if (error !== null) throw error;
  }

  close() {
    this.#cluster.disconnect();
  }
}
