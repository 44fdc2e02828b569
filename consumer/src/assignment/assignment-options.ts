import type { Logger, LogReader, WorkerSettings } from "@lastknown/shared";
import type { Attempts } from "../attempts/attempts.js";
import type { Patience } from "../faults/patience.js";
import type { StateApplier } from "../pipeline/apply-states.js";
import type { WorkerMetrics } from "../worker-metrics.js";
import type { Activity } from "./activity.js";
import type { Holdups } from "./holdups.js";
import type { SchemaGateOptions } from "./schema-gate.js";
import type { PartitionKnowledge, PartitionStartsOptions } from "./partition-starts.js";
import type { Words } from "./words.js";

export interface AssignmentOptions {
  readonly generation: number;
  readonly partitions: readonly number[];
  readonly eventsTopic: string;
  readonly settings: WorkerSettings;
  readonly reader: LogReader;
  readonly attempts: Attempts;
  readonly states: StateApplier;
  readonly schemas: SchemaGateOptions["schemas"];
  /** Rejects where the stores are not those of the fleet. */
  readonly verifyFleet: (partitions: readonly number[], signal: AbortSignal) => Promise<void>;
  readonly startingOffsets: PartitionStartsOptions["startingOffsets"];
  readonly rebuild: PartitionStartsOptions["rebuild"];
  readonly knowledge: PartitionKnowledge;
  /** Moved by the parts above too. */
  readonly activity: Activity;
  readonly holdups: Holdups;
  readonly words: Pick<Words, "speak">;
  readonly patience: Patience;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
}
