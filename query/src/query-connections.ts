import {
  connectRedis,
  fleetNames,
  KafkaAdmin,
  KafkaLogReader,
  RedisFleetRecordCell,
  type FleetRecord,
  type FleetRecordCell,
  type GroupOffsets,
  type Logger,
  type LogReader,
  type Settings,
} from "@lastknown/shared";
import type { LatestStates } from "./latest/latest-states.js";
import { RedisLatestStates } from "./latest/redis/redis-latest-states.js";
import { DirectoryLock } from "./view/lmdb/directory-lock.js";
import { openLmdbView } from "./view/lmdb/open-lmdb-view.js";
import { MemoryViewStore } from "./view/memory/memory-view-store.js";
import type { ViewStore } from "./view/view-store.js";

export type QueryServiceSettings = Pick<Settings, "fleet" | "kafka" | "redis" | "query" | "operations">;

/** All that the query service reads from; a test can give others. */
export interface QueryConnections {
  /** For the folding alone: its reads wait. */
  readonly auditReader: LogReader;
  /** For lookups. */
  readonly positionReader: LogReader;
  readonly groupOffsets: GroupOffsets;
  readonly latest: LatestStates;
  readonly redisFleet: FleetRecordCell;
  readonly openStore: (fleet: FleetRecord) => Promise<ViewStore>;
  /** Ends what is asked of Kafka and Redis, and asks nothing more. */
  disconnect(): Promise<void>;
  /** Gives back the data directory, when the store is closed. */
  release(): Promise<void>;
}

/** Shorter than the reader's own: the folding tells its state, and tries again by itself. */
const AUDIT_DEADLINE_MS = 5000;
/** What is older tells nothing about the lag. */
const POSITION_DEADLINE_MS = 1000;

/**
 * Takes the data directory, and opens nothing else before its first use, except for Redis, which begins to connect.
 *
 * @throws FatalError (usage) if another query service has the data directory
 */
export async function connectQuery(
  settings: QueryServiceSettings,
  logger: Logger,
): Promise<QueryConnections> {
  const { view, dataDirectory } = settings.query;
  const lock = view === "lmdb" ? await DirectoryLock.take(dataDirectory, logger) : undefined;
  const kafka = { settings: settings.kafka, logger };
  const auditReader = new KafkaLogReader({ ...kafka, callDeadlineMs: AUDIT_DEADLINE_MS });
  const positionReader = new KafkaLogReader({ ...kafka, callDeadlineMs: POSITION_DEADLINE_MS });
  const admin = new KafkaAdmin(kafka);
  const redis = connectRedis(settings.redis, logger);
  const { fleet } = fleetNames(settings.fleet.name);
  return {
    auditReader,
    positionReader,
    groupOffsets: admin,
    latest: new RedisLatestStates(redis, fleet),
    redisFleet: new RedisFleetRecordCell(redis, fleet),
    openStore: (record) => openStore(settings, record, logger),
    disconnect: async () => {
      redis.disconnect();
      await Promise.all([auditReader.close(), positionReader.close(), admin.close()]);
    },
    release: async () => await lock?.release(),
  };
}

async function openStore(
  { query }: QueryServiceSettings,
  fleet: FleetRecord,
  logger: Logger,
): Promise<ViewStore> {
  if (query.view === "memory") return new MemoryViewStore();
  return await openLmdbView({ dataDirectory: query.dataDirectory, fleet, logger });
}
