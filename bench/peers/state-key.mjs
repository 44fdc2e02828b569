/**
 * Where a peer keeps a user's newest event in Redis. The user's partition is the hash tag, so that all users of one
 * batch are on one node, and a peer that is able to can ask for them at once.
 * @param {string} prefix of the peer's own
 * @param {number} partition
 * @param {string} user
 */
export function stateKey(prefix, partition, user) {
  return `${prefix}{${partition}}:${user}`;
}

/** The fields of a state: the time of its event, as 16 digits of µs since 1970, which compare as texts; and its bytes. */
export const PEER_FIELDS = { timeStamp: "time_stamp", event: "event" };

/** @param {number} micros of a time from 2001 to 2286 */
export function timeText(micros) {
  return String(micros);
}

/**
 * The compare-and-set of one event: the newer time stamp wins.
 * KEYS: the state. ARGV: the time as text, the event's bytes. Answers 1 where it won, else 0.
 */
export const NEWEST_WINS = `
local known = redis.call("HGET", KEYS[1], "${PEER_FIELDS.timeStamp}")
if known and known >= ARGV[1] then return 0 end
redis.call("HSET", KEYS[1], "${PEER_FIELDS.timeStamp}", ARGV[1], "${PEER_FIELDS.event}", ARGV[2])
return 1
`;
