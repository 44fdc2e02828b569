import { bucketOf, fleetNames, KafkaLogReader, silentLogger } from "@lastknown/shared";
import { loadSettings } from "@lastknown/shared/settings";

const READ_LIMITS = { bytesMax: 4 * 1024 * 1024, waitMs: 500 };
const NO_KEY = Buffer.alloc(0);

/** Opens a reader of the fleet's topics for as long as `work` lasts. */
export async function withReader({ name, environment }, work) {
  const settings = loadSettings({ flags: {}, environment });
  const reader = new KafkaLogReader({ settings: settings.kafka, logger: silentLogger });
  try {
    return await work(reader, fleetNames(name));
  } finally {
    await reader.close();
  }
}

/**
 * Where each record of the events topic stands and when the broker appended it (whole ms since 1970).
 * @returns {Promise<{ bucket: number, offset: number, appendedAtMs: number }[]>}
 */
export async function readRecords(fleet) {
  return await withReader(fleet, async (reader, { eventsTopic }) => {
    const records = [];
    for (const [partition, { start, end }] of await reader.ends(eventsTopic)) {
      for (let position = start; position < end;) {
        const slice = await reader.read(eventsTopic, partition, position, READ_LIMITS);
        for (const { key, offset, appendedAtMs } of slice.records) {
          records.push({ bucket: bucketOf(key ?? NO_KEY), offset, appendedAtMs });
        }
        position = slice.nextOffset;
      }
    }
    return records;
  });
}
