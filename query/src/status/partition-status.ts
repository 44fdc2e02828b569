import type { GroupMember } from "@lastknown/shared";
import { doneIn, lagIn, waitedIn, type ConsumerPositions, type LagOf } from "../freshness/consumer-lag.js";
import type { PartitionStatus } from "./status-snapshot.js";

/** Why the records of a partition wait; undefined where nobody can tell. */
export type TellReason = (partition: number) => { readonly kind: string; readonly text: string } | undefined;

export interface PartitionFigures {
  readonly partitions: number;
  readonly positions: ConsumerPositions | undefined;
  readonly members: readonly GroupMember[] | undefined;
  readonly lagOf: LagOf;
  readonly tellReason: TellReason;
}

/** How each partition of the events topic stands. */
export async function partitionStatuses(figures: PartitionFigures): Promise<PartitionStatus[]> {
  const { positions, members, lagOf, tellReason } = figures;
  const statusOf = async (partition: number): Promise<PartitionStatus> => ({
    partition,
    end: positions?.events.get(partition)?.end ?? null,
    committed: doneIn(positions, partition) ?? null,
    lagRecords: lagIn(positions, partition) ?? null,
    lagSeconds: (await waitedIn(positions, partition, lagOf)) ?? null,
    owner: members?.find((member) => member.partitions.includes(partition))?.memberId ?? null,
    reason: tellReason(partition) ?? null,
  });
  return await Promise.all(Array.from({ length: figures.partitions }, (_, partition) => statusOf(partition)));
}

/** Null as soon as one is not known. */
export function lagOver(statuses: readonly PartitionStatus[]): {
  records: number | null;
  seconds: number | null;
} {
  let records: number | null = 0;
  let seconds: number | null = 0;
  for (const { lagRecords, lagSeconds } of statuses) {
    records = records === null || lagRecords === null ? null : records + lagRecords;
    seconds = seconds === null || lagSeconds === null ? null : Math.max(seconds, lagSeconds);
  }
  return { records, seconds };
}
