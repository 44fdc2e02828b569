import {
  verifyAssigned,
  verifyOrRestoreRedisCopy,
  type FleetNames,
  type FleetRecord,
  type FleetRecordCell,
  type LogReader,
} from "@lastknown/shared";
import { parseCommitNote } from "../attempts/commit-note.js";
import type { Patience } from "../faults/patience.js";
import type { WorkerGroup } from "../group/worker-group.js";
import { withinDeadline } from "../states/redis/deadline.js";
import { verifyEventsTopic } from "./events-topic-identity.js";

export interface AssignedFleetOptions {
  readonly names: FleetNames;
  /** As it stood when the worker started. */
  readonly record: FleetRecord;
  readonly reader: LogReader;
  readonly redis: FleetRecordCell;
  readonly redisDeadlineMs: number;
  readonly group: WorkerGroup;
  readonly patience: Patience;
}

/**
 * Looks at each assignment whether the stores are still those of the fleet that the worker started with: a topic may
 * have been made anew, and another Redis may answer at the same address.
 */
export class AssignedFleet {
  readonly #options: AssignedFleetOptions;

  constructor(options: AssignedFleetOptions) {
    this.#options = options;
  }

  /** @throws FatalError where they are not: with both ids, and the fix */
  async verify(partitions: readonly number[], signal: AbortSignal): Promise<void> {
    const { names, record, reader, redis, redisDeadlineMs, group, patience } = this.#options;
    const [notes] = await Promise.all([
      patience.outlast("kafka", signal, () => group.notes()),
      patience.outlast("kafka", signal, () => verifyAssigned({ names, reader }, record, partitions)),
      patience.outlast("redis", signal, () =>
        withinDeadline(redisDeadlineMs, verifyOrRestoreRedisCopy(redis, record, names)),
      ),
    ]);
    await Promise.all(
      partitions.map(async (partition) => {
        const { last } = parseCommitNote(notes.get(partition));
        if (last === undefined) return;
        const place = { topic: names.eventsTopic, partition, last };
        await patience.outlast("kafka", signal, () => verifyEventsTopic(reader, place));
      }),
    );
  }
}
