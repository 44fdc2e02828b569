import { oneOf, onOff, optional, text, wholeNumber } from "./parsing.js";
import { setting, type Report, type Setting, type Values } from "./setting.js";

export interface WorkerSettings {
  /** How often what is done is committed, and the buckets of its partitions touched. */
  readonly commitIntervalMs: number;
  /** Records that one partition takes through audit and Redis at a time. */
  readonly batchRecordsMax: number;
  readonly batchBytesMax: number;
  /** Fetched and not yet done, over all partitions; beyond it fetching pauses. */
  readonly queueBytesMax: number;
  readonly fetchBytesMax: number;
  /** How long the broker may hold back a fetch that finds nothing. */
  readonly fetchWaitMs: number;
  /** How long after a small fetch the next one waits, so that records share requests. */
  readonly lingerMs: number;
  /** A worker that is silent for so long loses its partitions. */
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** How long a batch may wait for Redis before it counts as a fault of the infrastructure. */
  readonly redisDeadlineMs: number;
  /** How long a write waits for a replica to have it; 0 does not wait. */
  readonly replicaWaitMs: number;
  /** Where no replica has a write in time: go on, as a loss is healed, or wait for a replica. */
  readonly noReplica: "heal" | "wait";
  readonly retryDelayMs: number;
  readonly retryDelayMaxMs: number;
  /** Tries of one record that fails in a way nobody foresaw, before it is dead-lettered as `internal`. */
  readonly recordAttemptsMax: number;
  /** Deaths of the process at one record, before it is dead-lettered as `internal`. */
  readonly killsMax: number;
  /** Dead letters in a row, in one partition, that stop the worker. */
  readonly deadLettersInRowMax: number;
  /** Of a hundred records of the window, the dead letters that are still taken for mishaps; more stop the worker. */
  readonly deadLettersPercentMax: number;
  readonly deadLettersWindowMs: number;
  /** With fewer dead letters in the window, their share stops nobody. */
  readonly deadLettersWindowMin: number;
  /** The worker exits when records wait and nothing moved for so long. */
  readonly stallExitMs: number;
  readonly drainDeadlineMs: number;
  /** Go on where records are gone from the log before they were applied. */
  readonly acceptLoss: boolean;
  /** The column by whose values events are counted in the metrics; undefined counts none. */
  readonly countBy: string | undefined;
}

/** Of any worker of a fleet, whatever its settings. */
export const SESSION_TIMEOUT_MAX_MS = 300_000;

function workerNumber(
  name: string,
  range: { min: number; max: number },
  value: string,
  doc: string,
): Setting<number> {
  return setting({
    name: `worker-${name}`,
    parse: wholeNumber(range),
    default: value,
    doc,
    usedBy: ["worker"],
  });
}

/**
 * The query service counts on commits that follow what can be seen within about a second, and does not know this
 * setting: a longer interval would have its page tell a broken budget, and its answers a lag, where nothing is late.
 */
export const COMMIT_INTERVAL_MAX_MS = 1000;

const KIB = 1024;
const MIB = 1024 * KIB;

export const workerDefinition = {
  commitIntervalMs: workerNumber(
    "commit-interval-ms",
    { min: 50, max: COMMIT_INTERVAL_MAX_MS },
    "500",
    "how often what is done is committed and its buckets touched, in ms: at most 1000, as the page counts on it",
  ),
  batchRecordsMax: workerNumber(
    "batch-records-max",
    { min: 1, max: 10_000 },
    "1000",
    "records per batch and partition",
  ),
  batchBytesMax: workerNumber(
    "batch-bytes-max",
    { min: 16 * KIB, max: 16 * MIB },
    String(512 * KIB),
    "bytes per batch and partition",
  ),
  queueBytesMax: workerNumber(
    "queue-bytes-max",
    { min: MIB, max: 1024 * MIB },
    String(2 * MIB),
    "fetched and not yet done, over all partitions, in bytes",
  ),
  fetchBytesMax: workerNumber(
    "fetch-bytes-max",
    { min: 64 * KIB, max: 64 * MIB },
    String(512 * KIB),
    "bytes per fetch",
  ),
  fetchWaitMs: workerNumber(
    "fetch-wait-ms",
    { min: 1, max: 5000 },
    "250",
    "how long the broker may hold back a fetch that finds nothing, in ms",
  ),
  lingerMs: workerNumber(
    "linger-ms",
    { min: 0, max: 1000 },
    "20",
    "how long at most the next fetch waits after a small one, so that records share requests, in ms",
  ),
  sessionTimeoutMs: workerNumber(
    "session-timeout-ms",
    { min: 6000, max: SESSION_TIMEOUT_MAX_MS },
    "10000",
    "a worker silent for so long loses its partitions, in ms",
  ),
  heartbeatIntervalMs: workerNumber(
    "heartbeat-interval-ms",
    { min: 100, max: 60_000 },
    "2000",
    "how often the worker says that it lives, in ms",
  ),
  redisDeadlineMs: workerNumber(
    "redis-deadline-ms",
    { min: 100, max: 60_000 },
    "8000",
    "how long a batch may wait for Redis before it is tried again, in ms",
  ),
  replicaWaitMs: workerNumber(
    "replica-wait-ms",
    { min: 0, max: 10_000 },
    "100",
    "how long a write waits until a Redis replica has it, in ms; 0 does not wait",
  ),
  noReplica: setting({
    name: "worker-no-replica",
    parse: oneOf(["heal", "wait"]),
    default: "heal",
    doc: "where no Redis replica has a write in time: heal (go on, and mend what a failover loses) or wait for one",
    usedBy: ["worker"],
  }),
  retryDelayMs: workerNumber(
    "retry-delay-ms",
    { min: 1, max: 10_000 },
    "100",
    "the first pause after a fault of a server, in ms; it doubles, with jitter",
  ),
  retryDelayMaxMs: workerNumber(
    "retry-delay-max-ms",
    { min: 1, max: 60_000 },
    "5000",
    "the longest such pause, in ms",
  ),
  recordAttemptsMax: workerNumber(
    "record-attempts-max",
    { min: 1, max: 100 },
    "3",
    "tries of a record that fails in a way nobody foresaw, before it is dead-lettered",
  ),
  killsMax: workerNumber(
    "kills-max",
    { min: 1, max: 100 },
    "3",
    "deaths of the process at one record, before it is dead-lettered",
  ),
  deadLettersInRowMax: workerNumber(
    "dead-letters-in-row-max",
    { min: 1, max: 1_000_000 },
    "100",
    "dead letters in a row in one partition that are taken for mishaps; one more stops the worker",
  ),
  deadLettersPercentMax: workerNumber(
    "dead-letters-percent-max",
    { min: 0, max: 100 },
    "1",
    "the worker stops when more than so many percent of a window's records become dead letters; 100 never stops it",
  ),
  deadLettersWindowMs: workerNumber(
    "dead-letters-window-ms",
    { min: 1000, max: 3_600_000 },
    "60000",
    "how long that window is, in ms",
  ),
  deadLettersWindowMin: workerNumber(
    "dead-letters-window-min",
    { min: 1, max: 1_000_000 },
    "100",
    "with fewer dead letters in the window their share stops nobody",
  ),
  stallExitMs: workerNumber(
    "stall-exit-ms",
    { min: 5000, max: 3_600_000 },
    "60000",
    "the worker exits when records wait and nothing moved for so long, in ms",
  ),
  drainDeadlineMs: workerNumber(
    "drain-deadline-ms",
    { min: 100, max: 600_000 },
    "10000",
    "how long finishing what was taken may last when the worker stops, in ms",
  ),
  acceptLoss: setting({
    name: "accept-loss",
    parse: onOff,
    default: "off",
    doc: "go on where records are gone from the log before they were applied",
    usedBy: ["worker"],
  }),
  countBy: setting({
    name: "count-by",
    parse: optional(text),
    default: "",
    doc: "the column by whose values the metrics count events, as its header says; at most 50 values",
    usedBy: ["worker"],
  }),
};

export function workerSettings(values: Values<typeof workerDefinition>, report: Report): WorkerSettings {
  if (values.heartbeatIntervalMs * 3 > values.sessionTimeoutMs) {
    report("worker-heartbeat-interval-ms", "must be at most a third of worker-session-timeout-ms");
  }
  if (values.retryDelayMs > values.retryDelayMaxMs) {
    report("worker-retry-delay-ms", "must be at most worker-retry-delay-max-ms");
  }
  if (values.batchBytesMax > values.queueBytesMax) {
    report("worker-batch-bytes-max", "must be at most worker-queue-bytes-max");
  }
  return { ...values };
}
