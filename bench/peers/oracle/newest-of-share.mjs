import { decodeEventHead, unframe } from "@lastknown/shared";
import { recordsIn } from "../../visibility/read-records.mjs";

/**
 * The newest event of each user among the first ones of each partition: what a peer has to know that was stopped
 * before it had drained all.
 * @param reader of the topic
 * @param {string} topic
 * @param {ReadonlyMap<number, number>} counts partition → how many of its records count
 * @returns {Promise<Map<string, number>>} user → ms since 1970
 */
export async function newestOfShare(reader, topic, counts) {
  const newest = new Map();
  for (const [partition, end] of counts) {
    for await (const { value } of recordsIn(reader, topic, partition, [0, end])) note(newest, value);
  }
  return newest;
}

function note(newest, value) {
  const { user, timeStamp } = decodeEventHead(unframe(value).body);
  const ms = timeStamp / 1000;
  if (!(newest.get(user) >= ms)) newest.set(user, ms);
}
