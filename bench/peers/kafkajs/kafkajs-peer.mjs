import { fileURLToPath } from "node:url";
import { redisPeer } from "../redis-peer.mjs";

const MAIN = fileURLToPath(new URL("main.mjs", import.meta.url));

/**
 * @param {"plain" | "pipeline"} kind
 * @param {number} share of the topic
 */
export function kafkajsPeer(kind, place, share) {
  const { fleet, servers, group, prefix, eventsTopic, auditTopic } = place;
  const { kafkaBrokers: brokers, redisNodes } = servers.stack.addresses;
  const settings = { brokers, redisNodes, group, prefix, eventsTopic, auditTopic };
  return redisPeer(place, {
    command: process.execPath,
    args: [MAIN, kind, JSON.stringify(settings)],
    environment: fleet.environment,
    share,
  });
}
