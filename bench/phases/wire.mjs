// Bytes per event on each hop, by what the kernel, Redis and the broker's files count.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fleetNames } from "@lastknown/shared";
import { kafkaTool } from "@lastknown/stack";
import { writeDrainEvents } from "../drain-events.mjs";
import { CostMeter } from "../machine/cost-meter.mjs";
import { traffic } from "../machine/process-cost.mjs";
import { ViewWatch } from "../visibility/view-watch.mjs";
import { redisNetBytes } from "../wire/redis-net-bytes.mjs";
import { portsOf, socketBytes } from "../wire/sockets.mjs";
import { topicBytes } from "../wire/topic-bytes.mjs";
import { runReplay } from "./run-replay.mjs";
import { untilSo } from "./until-so.mjs";
import { wantedIn } from "./until-visible.mjs";

const USERS = 50_000;
/**
 * How the broker keeps both topics. The product itself sends uncompressed and has no setting for it, and of what
 * others compress it reads gzip alone; so the broker compresses, and lz4 cannot be measured.
 */
export const CODECS = ["uncompressed", "gzip"];
const BOUND_MS = 300_000;
const LOOK_EVERY_MS = 100;
const WAITING = { boundMs: BOUND_MS, everyMs: LOOK_EVERY_MS };
/** Commits, and the touch of each bucket, follow what was applied. */
const SETTLE_MS = 1500;

/** @returns one run's figures: those with each codec */
export async function runWire({ onFleet }) {
  const codecs = [];
  for (const codec of CODECS)
    codecs.push(await onFleet(codec, { run: (context) => wireWith(context, codec) }));
  return { codecs };
}

async function wireWith(context, codec) {
  const { fleet, servers, events } = context;
  const { directory, addresses } = servers.stack;
  const { eventsTopic, auditTopic } = fleetNames(fleet.name);
  const [brokers, redisNodes] = [fleet.environment.LASTKNOWN_KAFKA_BROKERS.split(","), addresses.redisNodes];
  const [brokerPid] = servers.roles.get("broker");
  const file = join(directory, `${fleet.name}.csv`);
  await writeDrainEvents(file, { events, users: USERS });
  await fleet.createTopics();
  await keepAs(codec, [eventsTopic, auditTopic], brokers.join(","));
  const meter = new CostMeter(new Map([...servers.roles, ["bench", [process.pid]]]));
  meter.start();

  // Nobody consumes yet: all that the broker reads comes from the replay.
  const before = traffic(brokerPid);
  const dataSet = { file, replayArguments: [] };
  await runReplay({ ...context, dataSet, meter }, ["--speed", "max"], BOUND_MS);
  const filled = traffic(brokerPid);
  await rm(file);

  const redisBefore = await redisNetBytes(redisNodes);
  const wanted = await wantedIn(fleet);
  await fleet.launchWorkers(1);
  const [[workerRole, workerPids]] = fleet.roles;
  meter.began(workerRole, workerPids[0]);
  const isDrained = async () => (await fleet.recordsTaken()) >= wanted;
  await untilSo(isDrained, { ...WAITING, fleet, what: "all is drained" });
  await sleep(SETTLE_MS);
  const [kafka, states] = [
    await socketBytes(workerPids, portsOf(brokers)),
    await socketBytes(workerPids, portsOf(redisNodes)),
  ];
  const redisAfter = await redisNetBytes(redisNodes);
  await fleet.launchQuery();
  const queryPids = fleet.roles.get("query");
  meter.began("query", queryPids[0]);
  const view = new ViewWatch(fleet.queryOperationsPort, LOOK_EVERY_MS);
  view.start();
  await untilSo(() => view.arrivals >= wanted, { ...WAITING, fleet, what: "all is in the view" });
  await view.stop();
  const folded = await socketBytes(queryPids, portsOf(brokers));

  const bytes = {
    "replay → broker": filled.readBytes - before.readBytes,
    "events topic": await topicBytes(directory, eventsTopic),
    "broker → worker": kafka.received,
    "worker → broker (audit)": kafka.sent,
    "audit topic": await topicBytes(directory, auditTopic),
    "worker → Redis": states.sent,
    "Redis → worker": states.received,
    "received by Redis, by its own count": redisAfter.received - redisBefore.received,
    "sent by Redis, by its own count": redisAfter.sent - redisBefore.sent,
    "broker → query (audit)": folded.received,
  };
  const perEvent = Object.fromEntries(Object.entries(bytes).map(([hop, count]) => [hop, count / wanted]));
  return { codec, rows: wanted, bytesPerEvent: perEvent, cost: meter.stop(wanted) };
}

/** New batches are kept so, whatever their producer chose. */
async function keepAs(codec, topics, brokers) {
  for (const topic of topics) {
    const entity = `--entity-type topics --entity-name ${topic}`;
    const command = `--bootstrap-server ${brokers} --alter ${entity} --add-config compression.type=${codec}`;
    const result = await kafkaTool("kafka.admin.ConfigCommand", command.split(" "));
    const stderr = result.stderr.toString();
    if (stderr.includes("Exception")) throw new Error(`${topic} cannot be kept as ${codec}: ${stderr}`);
  }
}
