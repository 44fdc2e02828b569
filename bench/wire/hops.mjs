import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fleetNames } from "@lastknown/shared";
import { writeDrainEvents } from "../drain-events.mjs";
import { CostMeter } from "../machine/cost-meter.mjs";
import { traffic } from "../machine/process-cost.mjs";
import { runReplay } from "../phases/run-replay.mjs";
import { untilSo } from "../phases/until-so.mjs";
import { wantedIn } from "../phases/until-visible.mjs";
import { ViewWatch } from "../visibility/view-watch.mjs";
import { keepAs } from "./keep-as.mjs";
import { redisNetBytes } from "./redis-net-bytes.mjs";
import { portsOf, socketBytes } from "./sockets.mjs";
import { topicBytes } from "./topic-bytes.mjs";

const USERS = 50_000;
const BOUND_MS = 300_000;
const LOOK_EVERY_MS = 100;
const WAITING = { boundMs: BOUND_MS, everyMs: LOOK_EVERY_MS };
/** Commits, and the touch of each bucket, follow what was applied. */
const SETTLE_MS = 1500;
export const EVENTS_TOPIC = "events topic";
export const AUDIT_TOPIC = "audit topic";

/**
 * The way of the events through a fleet that is new, hop by hop: `fill`, then `drain`, then `fold`, as far as is wanted,
 * then `end`. Each of the three gives the bytes of its hops.
 */
export class Hops {
  #context;
  #names;
  #brokers;
  #meter;
  #wanted = 0;

  constructor(context) {
    const { fleet, servers } = context;
    this.#context = context;
    this.#names = fleetNames(fleet.name);
    this.#brokers = fleet.environment.LASTKNOWN_KAFKA_BROKERS.split(",");
    this.#meter = new CostMeter(new Map([...servers.roles, ["bench", [process.pid]]]));
  }

  /**
   * Replays into the events topic, which nobody consumes yet: so all that the broker reads comes from the replay.
   * @param {Partial<Record<"eventsTopic" | "auditTopic", string>>} codecs as which the broker keeps a topic
   */
  async fill(codecs) {
    const { fleet, servers, events } = this.#context;
    const { directory } = servers.stack;
    const [brokerPid] = servers.roles.get("broker");
    const file = join(directory, `${fleet.name}.csv`);
    await writeDrainEvents(file, { events, users: USERS });
    await fleet.createTopics();
    for (const [topic, codec] of Object.entries(codecs))
      await keepAs(codec, this.#names[topic], this.#brokers.join(","));
    this.#meter.start();
    const before = traffic(brokerPid);
    const dataSet = { file, replayArguments: [] };
    await runReplay({ ...this.#context, dataSet, meter: this.#meter }, ["--speed", "max"], BOUND_MS);
    const filled = traffic(brokerPid);
    await rm(file);
    this.#wanted = await wantedIn(fleet);
    return {
      "replay → broker": filled.readBytes - before.readBytes,
      [EVENTS_TOPIC]: await topicBytes(directory, this.#names.eventsTopic),
    };
  }

  /** Through one worker. */
  async drain() {
    const { fleet, servers } = this.#context;
    const { directory, addresses } = servers.stack;
    const before = await redisNetBytes(addresses.redisNodes);
    await fleet.launchWorkers(1);
    const [[role, pids]] = fleet.roles;
    this.#meter.began(role, pids[0]);
    const isDrained = async () => (await fleet.recordsTaken()) >= this.#wanted;
    await untilSo(isDrained, { ...WAITING, fleet, what: "all is drained" });
    await sleep(SETTLE_MS);
    const kafka = await socketBytes(pids, portsOf(this.#brokers));
    const states = await socketBytes(pids, portsOf(addresses.redisNodes));
    const after = await redisNetBytes(addresses.redisNodes);
    return {
      "broker → worker": kafka.received,
      "worker → broker (audit)": kafka.sent,
      [AUDIT_TOPIC]: await topicBytes(directory, this.#names.auditTopic),
      "worker → Redis": states.sent,
      "Redis → worker": states.received,
      "received by Redis, by its own count": after.received - before.received,
      "sent by Redis, by its own count": after.sent - before.sent,
    };
  }

  /** Into a view. */
  async fold() {
    const { fleet } = this.#context;
    await fleet.launchQuery();
    const pids = fleet.roles.get("query");
    this.#meter.began("query", pids[0]);
    const view = new ViewWatch(fleet.queryOperationsPort, LOOK_EVERY_MS);
    view.start();
    await untilSo(() => view.arrivals >= this.#wanted, { ...WAITING, fleet, what: "all is in the view" });
    await view.stop();
    const folded = await socketBytes(pids, portsOf(this.#brokers));
    return { "broker → query (audit)": folded.received };
  }

  /** @param {Record<string, number>} bytes of those hops that are told */
  end(bytes) {
    const perEvent = Object.entries(bytes).map(([hop, count]) => [hop, count / this.#wanted]);
    return {
      rows: this.#wanted,
      bytesPerEvent: Object.fromEntries(perEvent),
      cost: this.#meter.stop(this.#wanted),
    };
  }
}
