import { KafkaRefusedError, KafkaUnavailableError, UnknownTopicError } from "../kafka/index.js";
import { isRedisRefusal, RedisUnavailableError } from "../redis/index.js";
import { EmptiedRegistryError, RegistryUnavailableError } from "../registry/index.js";

/**
 * What a call to a server failed at:
 * - `unavailable`: no connection, no answer in time, or the answer that it cannot serve now
 * - `refused`: the login, a right or a certificate
 * - `emptied`: it serves, and lacks what it had: a topic, a schema
 */
export const SERVER_ERROR_KINDS = ["unavailable", "refused", "emptied"] as const;
export type ServerErrorKind = (typeof SERVER_ERROR_KINDS)[number];

const REFUSING_STATUS = new Set<number | undefined>([401, 403]);

/** Undefined for an error that tells nothing about a server. */
export function serverErrorKind(error: unknown): ServerErrorKind | undefined {
  if (error instanceof KafkaRefusedError || isRedisRefusal(error)) return "refused";
  if (error instanceof EmptiedRegistryError || error instanceof UnknownTopicError) return "emptied";
  if (error instanceof RegistryUnavailableError) {
    return REFUSING_STATUS.has(error.status) ? "refused" : "unavailable";
  }
  if (error instanceof KafkaUnavailableError) return "unavailable";
  if (error instanceof RedisUnavailableError) return isRedisRefusal(error.cause) ? "refused" : "unavailable";
  return undefined;
}
