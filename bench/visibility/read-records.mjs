import {
  bucketOf,
  decodeEventHead,
  fleetNames,
  KafkaAdmin,
  KafkaLogReader,
  silentLogger,
  slicesToEnd,
  unframe,
} from "@lastknown/shared";
import { loadSettings } from "@lastknown/shared/settings";

const READ_BYTES = 4 * 1024 * 1024;
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

/** The same of an administrator of topics. */
export async function withAdmin({ environment }, work) {
  const settings = loadSettings({ flags: {}, environment });
  const admin = new KafkaAdmin({ settings: settings.kafka, logger: silentLogger });
  try {
    return await work(admin);
  } finally {
    await admin.close();
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
      const records = recordsIn(reader, eventsTopic, partition, [start, end]);
      for await (const { key, value, offset, appendedAtMs } of records) {
        const { sts } = decodeEventHead(unframe(value).body);
        take({ bucket: bucketOf(key ?? NO_KEY), offset, appendedAtMs, sts });
      }
    }
  });
}

/**
 * A partition's records from one offset to before another.
 * @param {readonly [number, number]} offsets
 */
export async function* recordsIn(reader, topic, partition, [start, end]) {
  const slices = slicesToEnd(reader, { topic, partition, ends: { start, end }, bytesMax: READ_BYTES });
  for await (const { records } of slices) {
    for (const record of records) if (record.offset < end) yield record;
  }
}
