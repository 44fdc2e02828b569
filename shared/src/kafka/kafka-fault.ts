import { unfitSettingOf } from "./unfit-connection.js";

/**
 * What an error from kafkajs means to a caller:
 * - `moved`: ask the metadata again, the connection is fine
 * - `unreachable`: no answer, or no connection
 * - `unknown-topic`: the broker does not know it, perhaps not yet
 * - `too-large`: refused for good
 * - `refused`: the login or a right is missing, or TLS does not fit
 * - `other`: not foreseen, or not from kafkajs
 */
export type KafkaFault = "moved" | "unreachable" | "unknown-topic" | "too-large" | "refused" | "other";

interface KafkajsError extends Error {
  readonly type?: string;
  readonly retriable?: boolean;
}

const UNREACHABLE_NAMES = new Set([
  "KafkaJSConnectionError",
  "KafkaJSConnectionClosedError",
  "KafkaJSRequestTimeoutError",
  "KafkaJSLockTimeout",
  "KafkaJSBrokerNotFound",
  "KafkaJSMetadataNotLoaded",
  "KafkaJSTopicMetadataNotLoaded",
]);
const WRAPPER_NAMES = new Set(["KafkaJSNumberOfRetriesExceeded", "KafkaJSNonRetriableError"]);
const FAULT_BY_TYPE: Readonly<Record<string, KafkaFault>> = {
  UNKNOWN_TOPIC_OR_PARTITION: "unknown-topic",
  MESSAGE_TOO_LARGE: "too-large",
  RECORD_LIST_TOO_LARGE: "too-large",
  TOPIC_AUTHORIZATION_FAILED: "refused",
  GROUP_AUTHORIZATION_FAILED: "refused",
  CLUSTER_AUTHORIZATION_FAILED: "refused",
  SASL_AUTHENTICATION_FAILED: "refused",
  ILLEGAL_SASL_STATE: "refused",
  UNSUPPORTED_SASL_MECHANISM: "refused",
};

/** How deep kafkajs wraps errors in errors is bounded by its own code; this bound only ends a cycle. */
const CAUSES_MAX = 10;

export function faultOf(error: unknown): KafkaFault {
  const cause = unwrap(error);
  if (cause === undefined) return "other";
  if (unfitSettingOf(cause) !== undefined) return "refused";
  if (UNREACHABLE_NAMES.has(cause.name)) return "unreachable";
  if (cause.name === "KafkaJSSASLAuthenticationError") return "refused";
  const byType = cause.type === undefined ? undefined : FAULT_BY_TYPE[cause.type];
  if (byType !== undefined) return byType;
  return cause.name === "KafkaJSProtocolError" && cause.retriable === true ? "moved" : "other";
}

/** Whether it was let in, and has not the right for what it asked; else the login itself was refused, or TLS. */
export function isRightMissing(error: unknown): boolean {
  if (error instanceof PartitionError) return error.fault === "refused";
  return unwrap(error)?.type?.endsWith("_AUTHORIZATION_FAILED") ?? false;
}

/** The error inside kafkajs's "number of retries exceeded" and the like. */
export function unwrap(error: unknown): KafkajsError | undefined {
  let current = error;
  for (let depth = 0; depth < CAUSES_MAX; depth++) {
    if (!(current instanceof Error)) return undefined;
    if (!WRAPPER_NAMES.has(current.name) || !(current.cause instanceof Error)) return current;
    current = current.cause;
  }
  return undefined;
}

/** The partition's errors that a look at fresh metadata, or a moment, mends. */
const MOVED_CODES = new Set([
  2, // CORRUPT_MESSAGE: damaged on its way
  5, // LEADER_NOT_AVAILABLE
  6, // NOT_LEADER_OR_FOLLOWER
  7, // REQUEST_TIMED_OUT
  9, // REPLICA_NOT_AVAILABLE
  13, // NETWORK_EXCEPTION
  19, // NOT_ENOUGH_REPLICAS
  20, // NOT_ENOUGH_REPLICAS_AFTER_APPEND
  56, // KAFKA_STORAGE_ERROR
  74, // FENCED_LEADER_EPOCH
  75, // UNKNOWN_LEADER_EPOCH
  78, // OFFSET_NOT_AVAILABLE
  100, // UNKNOWN_TOPIC_ID
  103, // INCONSISTENT_TOPIC_ID
]);
const TOO_LARGE_CODES = new Set([
  10, // MESSAGE_TOO_LARGE
  18, // RECORD_LIST_TOO_LARGE
]);
const REFUSED_CODES = new Map([
  [29, "TOPIC_AUTHORIZATION_FAILED"],
  [31, "CLUSTER_AUTHORIZATION_FAILED"],
]);

/** Error code of an offset that is not in the log. */
export const OFFSET_OUT_OF_RANGE = 1;
export const UNKNOWN_TOPIC_OR_PARTITION = 3;
/** Error code of a leader that does not know yet how far its log goes. */
export const OFFSET_NOT_AVAILABLE = 78;

export function faultOfCode(errorCode: number): KafkaFault {
  if (MOVED_CODES.has(errorCode)) return "moved";
  if (TOO_LARGE_CODES.has(errorCode)) return "too-large";
  if (REFUSED_CODES.has(errorCode)) return "refused";
  if (errorCode === UNKNOWN_TOPIC_OR_PARTITION) return "unknown-topic";
  return "other";
}

/** An error code that a broker gave for one partition, or its silence about it in an answer that names others. */
export class PartitionError extends Error {
  override readonly name = "PartitionError";
  readonly partition: number;
  readonly fault: KafkaFault;

  constructor(topic: string, partition: number, errorCode: number | undefined) {
    super(
      errorCode === undefined
        ? `Kafka's answer lacks ${topic}/${partition}`
        : `Kafka answered ${REFUSED_CODES.get(errorCode) ?? `error ${errorCode}`} for ${topic}/${partition}`,
    );
    this.partition = partition;
    this.fault = errorCode === undefined ? "moved" : faultOfCode(errorCode);
  }
}

/** The connections on which something waited its turn were dropped meanwhile. */
export class ConnectionsDroppedError extends Error {
  override readonly name = "ConnectionsDroppedError";

  constructor(topic: string) {
    super(`the connections for ${topic} were dropped before its turn came`);
  }
}

/** What an error from kafkajs or of our connections, or a broker's word about one partition, means. */
export function faultOfAttempt(error: unknown): KafkaFault {
  if (error instanceof ConnectionsDroppedError) return "unreachable";
  return error instanceof PartitionError ? error.fault : faultOf(error);
}
