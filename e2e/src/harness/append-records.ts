import { KafkaAppender, loadSettings, silentLogger, type AppendRecord } from "@lastknown/shared";

/** Appends records as they are, by whatever else writes to the topic. */
export async function appendRecords(topic: string, records: readonly AppendRecord[]): Promise<void> {
  const appender = new KafkaAppender({ settings: loadSettings().kafka, logger: silentLogger });
  try {
    await appender.append(topic, records);
  } finally {
    await appender.close();
  }
}
