import {
  printFleetRecord,
  verifyAssigned,
  verifyRedisCopy,
  type FleetNames,
  type FleetRecord,
  type FleetRecordCell,
  type LogReader,
} from "@lastknown/shared";
import type { Patience } from "../faults/patience.js";
import { withinDeadline } from "../states/redis/deadline.js";
import { verifyEventsTopic } from "./events-topic-identity.js";

export interface AssignedFleetOptions {
  readonly names: FleetNames;
  /** As it stood when the worker started. */
  readonly record: FleetRecord;
  readonly reader: LogReader;
  readonly redis: FleetRecordCell;
  readonly redisDeadlineMs: number;
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

  get id(): string {
    return this.#options.record.id;
  }

  /** @throws FatalError where they are not: with both ids, and the fix */
  async verify(partitions: readonly number[], signal: AbortSignal): Promise<void> {
    const { names, record, reader, redis, redisDeadlineMs, patience } = this.#options;
    const [auditEnds, inRedis] = await Promise.all([
      patience.outlast("kafka", signal, () => verifyAssigned({ names, reader }, record, partitions)),
      // A Redis that was emptied gets the record back, and is told from another fleet's again.
      patience.outlast("redis", signal, () =>
        withinDeadline(redisDeadlineMs, redis.writeIfAbsent(printFleetRecord(record))),
      ),
    ]);
    verifyRedisCopy(record, inRedis, names);
    await Promise.all(
      [...auditEnds].map(([partition, ends]) =>
        patience.outlast("kafka", signal, () => verifyEventsTopic(reader, names, partition, ends)),
      ),
    );
  }
}
