import {
  bucketOf,
  decodeEventHead,
  fleetNames,
  KafkaLogReader,
  silentLogger,
  unframe,
} from "@lastknown/shared";
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
 * Where each record of the events topic stands, when the broker appended it (whole ms since 1970) and its `sts` (µs).
 * @returns {Promise<{ bucket: number, offset: number, appendedAtMs: number, sts: number }[]>}
 */
export async function readRecords(fleet) {
  const records = [];
  await forEachRecord(fleet, (record) => records.push(record));
  return records;
}

/** The same one by one, a partition after the other, each by ascending offset. */
export async function forEachRecord(fleet, take) {
  await withReader(fleet, async (reader, { eventsTopic }) => {
    for (const [partition, { start, end }] of await reader.ends(eventsTopic)) {
      for (let position = start; position < end;) {
        const slice = await reader.read(eventsTopic, partition, position, READ_LIMITS);
        for (const { key, value, offset, appendedAtMs } of slice.records) {
          const { sts } = decodeEventHead(unframe(value).body);
          take({ bucket: bucketOf(key ?? NO_KEY), offset, appendedAtMs, sts });
        }
        position = slice.nextOffset;
      }
    }
  });
}
