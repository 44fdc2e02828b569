import { auditRecordKind } from "@lastknown/shared";

const READ_LIMITS = { bytesMax: 4 * 1024 * 1024, waitMs: 500 };

/** How many arrivals a fleet's audit has; beside them it keeps copies of schemas and of the fleet record. */
export async function countEntries(reader, topic) {
  let entries = 0;
  for (const [partition, { start, end }] of await reader.ends(topic)) {
    for (let position = start; position < end;) {
      const slice = await reader.read(topic, partition, position, READ_LIMITS);
      for (const { key } of slice.records) if (auditRecordKind(key)?.kind === "entry") entries++;
      position = slice.nextOffset;
    }
  }
  return entries;
}
