import { bucketOf } from "@lastknown/shared";
import { PARTITIONS } from "../processes/bench-fleet.mjs";
import { lackingField } from "../visibility/newest-in-redis.mjs";
import { peerProcess } from "./peer-process.mjs";
import { PEER_FIELDS, stateKey, timeText } from "./state-key.mjs";

/**
 * A process that keeps its states in Redis by `stateKey`, and writes to its audit what Redis has already.
 * @param {{ command: string, args: readonly string[], environment: Record<string, string>, share?: number }} options
 */
export function redisPeer(place, { share = 1, ...options }) {
  const { servers, prefix } = place;
  return {
    ...peerProcess(place, options),
    share,
    lacking: (newest) =>
      lackingField({
        addresses: servers.stack.addresses.redisNodes,
        field: PEER_FIELDS.timeStamp,
        keyOf: (user) => stateKey(prefix, bucketOf(Buffer.from(user)) % PARTITIONS, user),
        wanted: new Map([...newest].map(([user, ms]) => [user, timeText(ms * 1000)])),
      }),
  };
}
