import { auditRecordKind } from "@lastknown/shared";
import { recordsIn } from "../../visibility/read-records.mjs";

/** How many arrivals a fleet's audit has; beside them it keeps copies of schemas and of the fleet record. */
export async function countEntries(reader, topic) {
  let entries = 0;
  for (const [partition, { start, end }] of await reader.ends(topic)) {
    for await (const { key } of recordsIn(reader, topic, partition, [start, end]))
      if (auditRecordKind(key)?.kind === "entry") entries++;
  }
  return entries;
}
