// What the machine and its servers allow, without the product: in the same session as its figures, as no other compares.

import { fleetNames } from "@lastknown/shared";
import { copyingMbPerSecond } from "../floor/copying.mjs";
import { brokerTools } from "../floor/broker-tools.mjs";
import { loopback } from "../floor/loopback.mjs";
import { redisScripts } from "../floor/redis-scripts.mjs";
import { CostMeter } from "../machine/cost-meter.mjs";

/** @returns one run's figures */
export async function runFloor({ fleet, servers, events }) {
  await fleet.createTopics();
  const meter = new CostMeter(new Map([...servers.roles, ["bench", [process.pid]]]));
  meter.start();
  const copyingMb = copyingMbPerSecond();
  const connection = await loopback();
  const redis = await redisScripts({ fleet, servers, users: events });
  const broker = await brokerTools({
    brokers: fleet.environment.LASTKNOWN_KAFKA_BROKERS,
    topic: fleetNames(fleet.name).eventsTopic,
    records: events,
    brokerPids: servers.roles.get("broker"),
  });
  return { events, copyingMb, connection, redis, broker, cost: meter.stop(events) };
}
