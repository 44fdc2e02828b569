import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runReplay } from "@lastknown/producer";
import { MemorySchemaRegistry, parseEventSchema, silentLogger } from "@lastknown/shared";
import { writeDrainEvents } from "../drain-events.mjs";

export const PARTITIONS = 16;
const SIZE = { events: 1500, users: 400 };

/**
 * The drain's events, small: as a CSV, and as the records that a replay makes of it.
 * @param {string} folder for the file
 */
export async function sampleEvents(folder) {
  const file = join(folder, "events.csv");
  await writeDrainEvents(file, SIZE);
  const registry = new MemorySchemaRegistry();
  const records = [];
  await replayInto(file, registry, {
    append: async (_topic, some) => void records.push(...some),
    close: async () => undefined,
  });
  const { id: schemaId, text } = await registry.latest("events");
  const schema = parseEventSchema(text);
  return { file, csv: await readFile(file), registry, records, schemaId, schema, text };
}

/** The whole of a replay at full speed, with `appender` where the broker would be. */
export async function replayInto(file, registry, appender) {
  const target = { appender, registry, topic: "events", subject: "events", partitions: PARTITIONS };
  return await runReplay({ file, speed: "max" }, { target, logger: silentLogger });
}

/** The records as a fetch of one partition brings them. */
export function fetchedRecords(records, partition) {
  return records
    .filter((record) => record.partition === partition)
    .map(({ key, value }, offset) => ({ offset, appendedAtMs: 1_704_067_200_000, key, value, headers: {} }));
}

const RECORDS_PER_BATCH = 500;

/** All records as they are worked on together. @returns {{ partition: number, records: readonly object[] }[]} */
export function batchesOf(records) {
  const batches = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const ofPartition = fetchedRecords(records, partition);
    for (let first = 0; first < ofPartition.length; first += RECORDS_PER_BATCH)
      batches.push({ partition, records: ofPartition.slice(first, first + RECORDS_PER_BATCH) });
  }
  return batches;
}
