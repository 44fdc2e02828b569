import {
  AUDIT_ENTRY_SCHEMA,
  exitCodes,
  FatalError,
  isCertificateFault,
  isRedisRefusal,
  RedisFleetRecordCell,
  redisRefusal,
  RegistryUnavailableError,
  UnknownSchemaError,
  verifyFleet,
  verifyRedisCopy,
  waitUntilReady,
  type connectRedis,
  type FleetNames,
  type FleetRecord,
  type Logger,
  type LogReader,
  type SchemaRegistry,
  type Settings,
} from "@lastknown/shared";
import type { Patience } from "../faults/patience.js";
import { collectCopies } from "../schemas/collect-copies.js";
import type { SchemaCopies } from "../schemas/schema-copies.js";
import { withinDeadline } from "../states/redis/deadline.js";

export interface ServersToAwait {
  readonly settings: Settings;
  readonly names: FleetNames;
  readonly reader: LogReader;
  readonly redis: ReturnType<typeof connectRedis>;
  readonly copies: SchemaCopies;
  readonly registry: SchemaRegistry;
  readonly logger: Logger;
  /** Tells which server is waited for. */
  readonly patience: Patience;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

export interface ServersThatServe {
  /** The fleet's, as it stands in the audit. */
  readonly record: FleetRecord;
  readonly auditSchemaId: number;
}

/**
 * Waits for as long as it takes until Kafka, Redis and the registry serve, and holds the settings against the
 * fleet's record. A fleet that has an id of the audit's schema already does not wait for the registry.
 *
 * @throws what no waiting mends: FatalError where the fleet was made with other constants or a server refuses us,
 *   KafkaRefusedError, UnknownTopicError; the signal's reason once it is aborted
 */
export async function awaitServers(servers: ServersToAwait): Promise<ServersThatServe> {
  const { settings, names, reader, copies, patience, signal } = servers;
  const { partitions, maxFutureSkewMicros: maxFutureSkew } = settings.fleet;
  const [record, inRedis] = await Promise.all([
    patience.outlast("kafka", signal, () => verifyFleet({ names, reader }, { partitions, maxFutureSkew })),
    patience.outlast("redis", signal, () => readRedisCopy(servers)),
  ]);
  verifyRedisCopy(record, inRedis, names);
  await collectCopies({ reader, auditTopic: names.auditTopic, copies, patience }, signal);
  return { record, auditSchemaId: await auditSchemaId(servers) };
}

/**
 * The id that the fleet's entries are framed with, which is the same for ever: doubles of an entry are identical bytes.
 * The registry is asked also where it is known, as one that refuses us has to be told of at the start.
 */
async function auditSchemaId(servers: ServersToAwait): Promise<number> {
  const { names, registry, copies, patience, signal, logger } = servers;
  const kept = await patience.outlast("redis", signal, () => copies.auditSchemaId());
  if (kept === undefined) {
    const registered = await patience.outlast("registry", signal, () => registerAuditSchema(registry, names));
    return await patience.outlast("redis", signal, () => copies.keepAuditSchemaId(registered));
  }
  try {
    // Not registered again: in a registry that was emptied it would stand for what that has lost.
    const text = await patience.once("registry", () => orRefused(registry.textById(kept)));
    if (text === AUDIT_ENTRY_SCHEMA) return kept;
    logger.warn("the registry's schema of the audit is another", { auditSchemaId: kept });
  } catch (error) {
    if (error instanceof UnknownSchemaError) logger.warn("registry was made anew", { auditSchemaId: kept });
    else if (!(error instanceof RegistryUnavailableError)) throw error;
    else logger.warn("started without the registry", { error });
  }
  return kept;
}

async function readRedisCopy({
  settings,
  names,
  redis,
  copies,
}: ServersToAwait): Promise<string | undefined> {
  await waitUntilReady(redis, settings.redis);
  const cell = new RedisFleetRecordCell(redis, names.fleet);
  try {
    // Whoever may read as a query service does has not the rights of a worker for that.
    await copies.isComplete();
    return await withinDeadline(settings.worker.redisDeadlineMs, cell.read());
  } catch (error) {
    const { cause } = error as Error;
    throw cause instanceof Error && isRedisRefusal(cause) ? redisRefusal(settings.redis, cause) : error;
  }
}

async function registerAuditSchema(registry: SchemaRegistry, names: FleetNames): Promise<number> {
  return await orRefused(registry.register(names.auditSubject, AUDIT_ENTRY_SCHEMA));
}

async function orRefused<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (error) {
    if (!isRegistryRefusal(error)) throw error;
    throw new FatalError(error.message, {
      fix: error.fix,
      exitCode: exitCodes.unreachable,
      cause: error,
    });
  }
}

/** It is there, and login, right or certificate does not fit. A worker that runs waits for this, too. */
function isRegistryRefusal(error: unknown): error is RegistryUnavailableError {
  if (!(error instanceof RegistryUnavailableError)) return false;
  const { status, cause } = error;
  return status === 401 || status === 403 || isCertificateFault(cause);
}
