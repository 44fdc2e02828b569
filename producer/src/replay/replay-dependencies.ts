import type { Readable } from "node:stream";
import type { Appender, Logger, SchemaRegistry } from "@lastknown/shared";
import type { ReplayMonitor } from "../operations/replay-monitor.js";
import type { Clock } from "../schedule/clock.js";

/** Where events go. */
export interface ReplayTarget {
  readonly appender: Appender;
  readonly registry: SchemaRegistry;
  readonly topic: string;
  /** The registry's subject of the topic's values. */
  readonly subject: string;
  /** Number of the topic's partitions. */
  readonly partitions: number;
}

/** How far a replay is. */
export interface ReplayProgress {
  readonly phase: "reading" | "publishing";
  /** Of the file as it lies there; the total is undefined for standard input. */
  readonly bytesRead: number;
  readonly bytesTotal: number | undefined;
  /** Rows read so far. */
  readonly rows: number;
  /** Rows to publish in all, where that is known. */
  readonly rowsTotal: number | undefined;
  /** Rows acknowledged so far. */
  readonly published: number;
  readonly rejected: number;
  /** How late 99 of 100 rows were against their plan at most, so far, in ms; undefined where nothing is planned. */
  readonly driftP99Ms: number | undefined;
}

export interface ReplayDependencies {
  /** May be left out for a dry run; where given, a dry run holds the types against the registry's. */
  readonly target?: ReplayTarget | undefined;
  readonly logger: Logger;
  readonly clock?: Clock | undefined;
  readonly stdin?: Readable | undefined;
  /** Given when the process is asked to stop: what is under way is finished, and the summary says so. */
  readonly signal?: AbortSignal | undefined;
  /** Told at each step, for probes and scrapes. */
  readonly monitor?: ReplayMonitor | undefined;
  /** Called a few times a second. */
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined;
}
