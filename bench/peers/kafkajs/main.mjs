// A worker as one writes it with our own libraries in an afternoon, as a process of its own.
// node main.mjs plain|pipeline SETTINGS, which are JSON: brokers, redisNodes, group, prefix, eventsTopic, auditTopic

import { decodeEventHead, unframe } from "@lastknown/shared";
import { stateKey, timeText } from "../state-key.mjs";
import { Records } from "./kafka/records.mjs";
import { States } from "./redis/states.mjs";

const [kind, settingsText] = process.argv.slice(2);
const settings = JSON.parse(settingsText);
const records = new Records(settings);
const states = new States(settings.redisNodes);

process.once("SIGTERM", () => void close());

/** Redis comes first, so whoever sees the audit complete knows that Redis is. */
const ways = {
  plain: () =>
    records.eachMessage(async (partition, message) => {
      await states.applyOne(changeOf(partition, message));
      await records.audit(partition, [message]);
    }),
  pipeline: () =>
    records.eachBatch(async (partition, messages) => {
      await states.applyMany(messages.map((message) => changeOf(partition, message)));
      await records.audit(partition, messages);
    }),
};
await ways[kind]();

/** Reads no more of an event than it needs. */
function changeOf(partition, { value }) {
  const { user, timeStamp } = decodeEventHead(unframe(value).body);
  return { key: stateKey(settings.prefix, partition, user), time: timeText(timeStamp), event: value };
}

async function close() {
  await records.close();
  states.close();
}
