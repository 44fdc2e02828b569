import type {
  Appender,
  FleetNames,
  Logger,
  LogReader,
  MaxFutureSkew,
  WorkerSettings,
} from "@lastknown/shared";
import { KnownOrders } from "../arrivals/known-orders.js";
import { Attempts } from "../attempts/attempts.js";
import { DeadLetterBreaker } from "../dead-letters/dead-letter-breaker.js";
import type { DeadLetterShare } from "../dead-letters/dead-letter-share.js";
import { DeadLetters } from "../dead-letters/dead-letters.js";
import type { Patience } from "../faults/patience.js";
import type { WorkerGroup } from "../group/worker-group.js";
import { StateApplier } from "../pipeline/apply-states.js";
import { AuditLog } from "../pipeline/audit-log.js";
import type { EventJudge } from "../pipeline/event-judge.js";
import type { TriesOptions } from "../pipeline/failing-alone.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { BatchPreparation } from "../pipeline/prepare-batches.js";
import type { WriterSchemas } from "../pipeline/writer-schemas.js";
import { BucketProgress } from "../settled/bucket-progress.js";
import { EarlierEntries } from "../settled/earlier-entries.js";
import { SettledRecords } from "../settled/settled-records.js";
import type { AssignedFleet } from "../starting/assigned-fleet.js";
import type { StateStore } from "../states/state-store.js";
import type { WorkerMetrics } from "../worker-metrics.js";
import { Activity } from "./activity.js";
import { Assignment } from "./assignment.js";
import { Healings } from "./healings.js";
import { Holdups } from "./holdups.js";
import { Positions } from "./positions.js";
import { rebuildFromAudit } from "./rebuild-from-audit.js";
import { RecordQueue } from "./record-queue.js";
import { startingOffsets } from "./starting-offsets.js";
import { Words } from "./words.js";

/** What outlives an assignment. */
export interface AssignmentParts {
  readonly names: FleetNames;
  /** Of the events topic. */
  readonly partitions: number;
  readonly maxFutureSkew: MaxFutureSkew;
  readonly settings: WorkerSettings;
  readonly reader: LogReader;
  readonly appender: Appender;
  readonly group: WorkerGroup;
  readonly fleet: AssignedFleet;
  readonly states: StateStore;
  readonly schemas: WriterSchemas;
  readonly judge: Pick<EventJudge, "judge">;
  readonly patience: Patience;
  readonly share: DeadLetterShare;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
}

/** Everything that an assignment remembers is its own, so that nothing is left over from the one before. */
export function createAssignment(
  parts: AssignmentParts,
  generation: number,
  partitions: readonly number[],
): Assignment {
  const { names, settings, reader, appender, group, states: store } = parts;
  const { schemas, judge, patience, share, metrics, logger, maxFutureSkew } = parts;
  const { eventsTopic, auditTopic, deadLetterTopic } = names;
  const progress = new BucketProgress(parts.partitions);
  const settled = new SettledRecords();
  const known = new KnownOrders();
  const activity = new Activity();
  const counted = activity.counting(patience);
  const kafka = { appender, patience: counted };
  const applier = { states: store, progress, known, eventsTopic, metrics };
  const { acceptLoss } = settings;
  const servers = { reader, states: store, eventsTopic, acceptLoss, patience: counted, logger };
  const audit = { ...servers, auditTopic, maxFutureSkew, metrics };
  const holdups = new Holdups();
  const tries: TriesOptions = {
    attemptsMax: settings.recordAttemptsMax,
    delayMs: settings.retryDelayMs,
    delayMaxMs: settings.retryDelayMaxMs,
    apart: (failing) =>
      holdups.begin(
        failing.map(({ partition }) => partition),
        "apart",
      ),
  };
  const pipeline = new Pipeline({
    preparation: new BatchPreparation({ schemas, judge, known, eventsTopic, tries, logger }),
    audit: new AuditLog({ ...kafka, topic: auditTopic }),
    deadLetters: new DeadLetters({ ...kafka, topic: deadLetterTopic, eventsTopic, logger }),
    breaker: new DeadLetterBreaker({
      inRowMax: settings.deadLettersInRowMax,
      share,
      deadLetterTopic,
    }),
    settled,
    earlier: new EarlierEntries({ ...audit, progress }),
    states: new StateApplier({ ...applier, patience: counted }),
    eventsTopic,
    tries,
    metrics,
    logger,
  });
  const fleetId = parts.fleet.id;
  const attempts = new Attempts({ fleetId, generation, group, pipeline, settings, patience, logger });
  const start = { ...servers, fleetId, group, progress, settled, auditTopic, deadLetterTopic };
  const knowledge = {
    positions: new Positions(),
    queue: new RecordQueue(settings.queueBytesMax),
    progress,
    settled,
    healings: new Healings({ metrics, logger }),
    known,
  };
  const words = new Words({ partitions, attempts, knowledge, holdups, patience, logger });
  return new Assignment({
    generation,
    partitions,
    eventsTopic,
    settings,
    reader,
    attempts,
    // Its buckets are touched for ever, whether anything is done or not.
    states: new StateApplier({ ...applier, patience }),
    schemas,
    verifyFleet: (wanted, signal) => parts.fleet.verify(wanted, signal),
    startingOffsets: async (wanted, signal) => {
      const [offsets] = await Promise.all([
        startingOffsets(wanted, start, signal),
        schemas.prepare(signal, () => activity.moved()),
      ]);
      return offsets;
    },
    rebuild: (buckets, signal) => rebuildFromAudit(buckets, audit, signal),
    knowledge,
    activity,
    holdups,
    words,
    patience,
    metrics,
    logger,
  });
}
