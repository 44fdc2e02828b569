import { RecordTooLargeError, type AppendRecord, type Appender } from "@lastknown/shared";
import { isServerFault, type Outlasting } from "./patience.js";

export interface PatientAppend {
  readonly appender: Appender;
  readonly topic: string;
  readonly patience: Outlasting;
}

/**
 * Appends, and waits out the faults of the brokers. After the first fault each partition is tried by itself: what one
 * has taken is not appended again for as long as another one's leader is away.
 *
 * @returns the records that are longer than the topic takes; all others stand
 */
export async function appendPatiently(
  { appender, topic, patience }: PatientAppend,
  records: readonly AppendRecord[],
  signal: AbortSignal,
): Promise<ReadonlySet<AppendRecord>> {
  const refused = new Set<AppendRecord>();
  if (records.length === 0) return refused;
  let left: readonly (readonly AppendRecord[])[] = [records];
  await patience.outlast("kafka", signal, async () => {
    const outcomes = await Promise.allSettled(left.map((together) => appender.append(topic, together)));
    const failed: AppendRecord[] = [];
    const faults: unknown[] = [];
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === "fulfilled") continue;
      const error: unknown = outcome.reason;
      if (error instanceof RecordTooLargeError) {
        for (const record of error.refused) refused.add(record);
        continue;
      }
      faults.push(error);
      failed.push(...(left[index] ?? []));
    }
    left = byPartition(failed);
    if (faults.length > 0) throw faults.find((fault) => !isServerFault(fault)) ?? faults[0];
  });
  return refused;
}

function byPartition(records: readonly AppendRecord[]): AppendRecord[][] {
  const groups = new Map<number, AppendRecord[]>();
  for (const record of records) {
    const group = groups.get(record.partition);
    if (group === undefined) groups.set(record.partition, [record]);
    else group.push(record);
  }
  return [...groups.values()];
}
