import { auditEntryIn } from "@lastknown/shared";
import { recordsIn } from "./read-records.mjs";

/**
 * What a fleet's audit has; beside entries it keeps copies of schemas and of the fleet record, which do not count.
 * @param reader of the topic
 * @param {string} topic
 * @returns {Promise<{ entries: number, arrivals: number }>} `arrivals`: of how many events it has an entry. There are
 *   more entries where a batch came again, such as after a rebalance: that is no fault
 */
export async function audited(reader, topic) {
  let entries = 0;
  let arrivals = 0;
  for (const [partition, { start, end }] of await reader.ends(topic)) {
    const offsets = new Set();
    for await (const record of recordsIn(reader, topic, partition, [start, end])) {
      const entry = auditEntryIn(partition, record);
      if (entry === undefined) continue;
      entries++;
      offsets.add(entry.offset);
    }
    arrivals += offsets.size;
  }
  return { entries, arrivals };
}
