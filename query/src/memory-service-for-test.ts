import {
  fleetNames,
  loadSettings,
  MemoryFleetRecordCell,
  MemoryGroupOffsets,
  MemoryLog,
  printFleetRecord,
  silentLogger,
  type FleetRecord,
  type GroupMember,
} from "@lastknown/shared";
import { FleetForTest } from "./fleet-for-test.js";
import { MemoryLatestStates } from "./latest/memory-latest-states.js";
import { startQuery, type QueryService } from "./start-query.js";
import type { ViewStore } from "./view/view-store.js";
import { MemoryViewStore } from "./view/memory/memory-view-store.js";

export const TEST_PARTITIONS = 4;

/** A query service whose servers are all in memory. */
export interface MemoryService {
  readonly query: QueryService;
  readonly log: MemoryLog;
  readonly fleet: FleetForTest;
  readonly latest: MemoryLatestStates;
  /** Commits an offset of the events topic for the workers' group, as a worker of the fleet unless with another note. */
  commit(partition: number, offset: number, note?: string): void;
  /** Has these be in the workers' group, and nobody else. */
  join(...members: readonly GroupMember[]): void;
  get(path: string): Promise<Response>;
}

export interface MemoryServiceOptions {
  /** Before the service starts. */
  readonly prepare?: (service: Pick<MemoryService, "fleet" | "log" | "latest">) => Promise<void>;
  readonly log?: MemoryLog;
  /** Of the HTTP service; any unless given. */
  readonly port?: number;
  /** Settings that are not the defaults, by name. */
  readonly flags?: Readonly<Record<string, string>>;
  readonly openStore?: (fleet: FleetRecord) => Promise<ViewStore>;
}

export async function startMemoryService(options: MemoryServiceOptions = {}): Promise<MemoryService> {
  const name = "test";
  const names = fleetNames(name);
  const topics = {
    [names.eventsTopic]: TEST_PARTITIONS,
    [names.auditTopic]: TEST_PARTITIONS,
    [names.deadLetterTopic]: TEST_PARTITIONS,
  };
  const log = options.log ?? new MemoryLog({ topics });
  const fleet = new FleetForTest({ fleet: name, appender: log, partitions: TEST_PARTITIONS });
  const latest = new MemoryLatestStates();
  const groupOffsets = new MemoryGroupOffsets();
  await fleet.establish();
  await options.prepare?.({ fleet, log, latest });

  const settings = loadSettings({
    environment: {},
    flags: {
      fleet: name,
      partitions: String(TEST_PARTITIONS),
      "query-port": String(options.port ?? 0),
      "operations-port": "0",
      ...options.flags,
    },
  });
  const query = await startQuery(settings, {
    logger: silentLogger,
    connections: {
      auditReader: log,
      positionReader: log,
      groupOffsets,
      latest,
      redisFleet: new MemoryFleetRecordCell(printFleetRecord(fleet.record)),
      openStore: options.openStore ?? (() => Promise.resolve(new MemoryViewStore())),
      disconnect: () => log.close(),
      release: () => Promise.resolve(),
    },
  });
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${query.port}${path}`);
  const ownNote = JSON.stringify({ fleet: fleet.record.id });
  const commit = (partition: number, offset: number, note = ownNote): void =>
    groupOffsets.commit(names.workerGroup, names.eventsTopic, partition, { offset, note });
  const join = (...members: readonly GroupMember[]): void =>
    groupOffsets.join(names.workerGroup, names.eventsTopic, ...members);
  return { query, log, fleet, latest, commit, join, get };
}

const DEADLINE_MS = 20_000;

/** Asks until the condition holds. */
export async function until<Value>(
  ask: () => Promise<Value>,
  holds: (value: Value) => boolean,
  deadlineMs: number = DEADLINE_MS,
): Promise<Value> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const value = await ask();
    if (holds(value)) return value;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(value)} after ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
