import {
  requireInput,
  runReplay,
  type ReplayMonitor,
  type ReplayOptions,
  type ReplaySummary,
  type ReplayTarget,
} from "@lastknown/producer";
import {
  ConfluentSchemaRegistry,
  exitCodes,
  FatalError,
  fleetNames,
  KafkaAdmin,
  KafkaAppender,
  KafkaLogReader,
  requireReachableBroker,
  verifyFleet,
  type FleetNames,
  type Logger,
  type SchemaRegistry,
} from "@lastknown/shared";
import type { Settings } from "@lastknown/shared/settings";
import { quietLogger } from "../fleet/fleet-servers.js";
import { requireSameRegistry } from "./require-same-registry.js";
import type { ProgressDisplay } from "./progress-display.js";
import { ToldAppender } from "./told-appender.js";

const EXIT_BY_SIGNAL = { SIGINT: exitCodes.sigint, SIGTERM: exitCodes.sigterm } as const;
type StopSignal = keyof typeof EXIT_BY_SIGNAL;

/** Brokers that are restarted one by one, or a leader's election, take minutes at most. */
const ACKNOWLEDGED_WITHIN_MS = 10 * 60_000;

/**
 * Runs a replay on the servers of the settings; a dry run needs none. The first Ctrl-C or SIGTERM finishes what is
 * under way and reports it, the second ends the process at once.
 */
export async function replayOnServers(
  settings: Settings,
  options: ReplayOptions,
  { progress, monitor }: { progress: ProgressDisplay; monitor?: ReplayMonitor | undefined },
): Promise<{ summary: ReplaySummary; exitCode: number }> {
  // A name that is misspelt is told at once, whether or not there are servers.
  requireInput(options.file);
  const logger = quietLogger(settings);
  const stopping = new AbortController();
  let stoppedBy: StopSignal | undefined;
  const stop = (signal: StopSignal): void => {
    if (stopping.signal.aborted) process.exit(EXIT_BY_SIGNAL[signal]);
    stoppedBy = signal;
    stopping.abort();
  };
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  const onServers = options.dryRun === true ? withoutTarget : withTarget;
  try {
    const summary = await onServers(settings, logger, (target) =>
      runReplay(options, {
        target: target === undefined ? undefined : telling(target, settings, progress),
        logger,
        signal: stopping.signal,
        monitor,
        onProgress: (now) => progress.show(now),
      }),
    );
    return { summary, exitCode: stoppedBy === undefined ? summary.exitCode : EXIT_BY_SIGNAL[stoppedBy] };
  } finally {
    progress.clear();
    for (const signal of STOP_SIGNALS) process.removeListener(signal, stop);
  }
}

const STOP_SIGNALS: readonly StopSignal[] = ["SIGINT", "SIGTERM"];

function telling(target: ReplayTarget, settings: Settings, progress: ProgressDisplay): ReplayTarget {
  const appender = new ToldAppender({
    appender: target.appender,
    brokers: settings.kafka.brokers,
    patienceMs: ACKNOWLEDGED_WITHIN_MS,
    tell: (line) => progress.tell(line),
  });
  return { ...target, appender };
}

type WithTarget = (target: ReplayTarget | undefined) => Promise<ReplaySummary>;

function withoutTarget(_settings: Settings, _logger: Logger, work: WithTarget): Promise<ReplaySummary> {
  return work(undefined);
}

async function withTarget(settings: Settings, logger: Logger, work: WithTarget): Promise<ReplaySummary> {
  const names = fleetNames(settings.fleet.name);
  await requireReachableBroker(settings.kafka);
  await requireTopic(settings, logger, names.eventsTopic);
  await requireFleet(settings, logger, names);
  const registry = new ConfluentSchemaRegistry(settings.registry);
  await requireRegistry(settings, logger, registry);
  const appender = new KafkaAppender({
    settings: settings.kafka,
    logger,
    callDeadlineMs: ACKNOWLEDGED_WITHIN_MS,
  });
  try {
    return await work({
      appender,
      registry,
      topic: names.eventsTopic,
      subject: names.eventsSubject,
      partitions: settings.fleet.partitions,
    });
  } finally {
    await appender.close();
  }
}

async function requireRegistry(settings: Settings, logger: Logger, registry: SchemaRegistry): Promise<void> {
  const reader = new KafkaLogReader({ settings: settings.kafka, logger });
  try {
    await requireSameRegistry({ reader, registry, names: fleetNames(settings.fleet.name) });
  } finally {
    await reader.close();
  }
}

/** A partition computed for another number of partitions would be wrong for good, so it is looked at first. */
async function requireTopic(settings: Settings, logger: Logger, topic: string): Promise<void> {
  const admin = new KafkaAdmin({ settings: settings.kafka, logger });
  try {
    const partitions = (await admin.partitionCounts([topic])).get(topic);
    const { partitions: wanted, name } = settings.fleet;
    if (partitions === undefined) {
      throw new FatalError(`topic ${topic} does not exist at ${settings.kafka.brokers.join(",")}`, {
        fix: `lastknown topics --fleet ${name} creates it, or says what to do instead`,
      });
    }
    if (partitions !== wanted) {
      throw new FatalError(`topic ${topic} has ${partitions} partitions, where the settings say ${wanted}`, {
        fix: `set --partitions ${partitions}, or use another --fleet name`,
      });
    }
  } finally {
    await admin.close();
  }
}

/** An events topic that was made anew by hand may have the settings' number of partitions, and its audit another. */
async function requireFleet(settings: Settings, logger: Logger, names: FleetNames): Promise<void> {
  const { partitions, maxFutureSkewMicros: maxFutureSkew } = settings.fleet;
  const reader = new KafkaLogReader({ settings: settings.kafka, logger });
  try {
    await verifyFleet({ names, reader }, { partitions, maxFutureSkew });
  } finally {
    await reader.close();
  }
}
