import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FatalError, type FleetRecord, type Logger } from "@lastknown/shared";
import { open, type RootDatabase } from "lmdb";
import { ViewAbortedError, ViewDamagedError, ViewUnwritableError } from "../view-store.js";
import { LmdbViewStore, type ViewFolderHooks } from "./lmdb-view-store.js";
import { lmdbDamage, PROBE_READ_MS_MAX, type ProbeDepth } from "./probe-lmdb.js";
import { isUnwritable } from "./transaction-errors.js";
import { STABLE_AFTER_MS, ViewDirectory } from "./view-directory.js";
import { VIEW_TABLES } from "./view-tables.js";

/** Of a view that LMDB gives up as it is opened: then it is damaged. */
const OPENINGS_MAX = 2;

type Root = RootDatabase<Buffer, Buffer>;

export interface OpenLmdbViewOptions {
  readonly dataDirectory: string;
  readonly fleet: FleetRecord;
  readonly logger: Logger;
  /** For how long a view that is there is read before it is opened; tests give others. */
  readonly probeReadMsMax?: Readonly<Record<ProbeDepth, number>>;
  /** LMDB's own opening; tests give one that fails. */
  readonly openRoot?: (path: string) => Root;
}

/**
 * Opens the view under the data directory, or begins a new one. A damaged one is set aside and rebuilt, since all
 * of it comes from the audit.
 *
 * @throws FatalError if it belongs to another fleet, or the folder cannot be used
 * @throws ViewUnwritableError if its disk takes nothing more
 * @throws ViewDamagedError if it cannot be opened, and the next opening begins a new one
 */
export async function openLmdbView({
  dataDirectory,
  fleet,
  logger,
  probeReadMsMax = PROBE_READ_MS_MAX,
  openRoot = openUnsynced,
}: OpenLmdbViewOptions): Promise<LmdbViewStore> {
  const directory = new ViewDirectory(join(dataDirectory, "view"));
  try {
    const reason = (await directory.problem(fleet)) ?? (await damage(directory, probeReadMsMax));
    if (reason !== undefined) {
      const setAsideTo = await directory.setAside(new Date());
      logger.warn("view set aside, building a new one", { path: directory.path, reason, setAsideTo });
    }
    return await openStore({ directory, fleet, logger, openRoot });
  } catch (cause) {
    if (isUnwritable(cause)) throw new ViewUnwritableError(cause);
    if (cause instanceof FatalError || (cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw new FatalError(`the view's folder ${directory.path} cannot be used (${(cause as Error).message})`, {
      fix: "set LASTKNOWN_DATA_DIRECTORY to a folder that this user may write",
      cause,
    });
  }
}

async function damage(
  directory: ViewDirectory,
  readMsMax: Readonly<Record<ProbeDepth, number>>,
): Promise<string | undefined> {
  if (!(await directory.hasData())) return undefined;
  // A page that LMDB cannot stand ends the process that reads it, seldom or often: then all of them are read.
  const depth = (await directory.wasLeftOpen()) ? "thorough" : "quick";
  return await lmdbDamage(directory.path, VIEW_TABLES, readMsMax[depth]);
}

interface StoreOpening {
  readonly directory: ViewDirectory;
  readonly fleet: FleetRecord;
  readonly logger: Logger;
  readonly openRoot: (path: string) => Root;
}

async function openStore(opening: StoreOpening): Promise<LmdbViewStore> {
  const { directory, logger } = opening;
  for (let openings = 1; ; openings++) {
    try {
      return await openOnce(opening);
    } catch (error) {
      if (!(error instanceof ViewAbortedError)) throw error;
      logger.warn("view cannot be written at its opening", { openings, error });
      if (openings < OPENINGS_MAX) continue;
      directory.markDamaged(error.message);
      throw new ViewDamagedError(error.message);
    }
  }
}

async function openOnce({ directory, fleet, logger, openRoot }: StoreOpening): Promise<LmdbViewStore> {
  await directory.markOpened(fleet);
  const root = openRoot(directory.path);
  const closed = new AbortController();
  const hooks: ViewFolderHooks = {
    onDamaged: (reason) => {
      try {
        directory.markDamaged(reason);
      } catch (error) {
        noteFailure(logger, error);
      }
    },
    onClosed: async (isSound) => {
      closed.abort();
      if (isSound) await directory.markClosed().catch((error: unknown) => noteFailure(logger, error));
    },
  };
  try {
    const store = new LmdbViewStore(root, fleet.maxFutureSkew, hooks);
    void markStableLater(directory, logger, closed.signal);
    return store;
  } catch (error) {
    await root.close();
    // It was no crash, and is not to count as one.
    await directory.markClosed().catch((failure: unknown) => noteFailure(logger, failure));
    throw error;
  }
}

/** Nothing is synced: the directory notices that the machine went down, and then the view is rebuilt. */
function openUnsynced(path: string): Root {
  const binary = { encoding: "binary", keyEncoding: "binary" } as const;
  return open<Buffer, Buffer>({ path, maxDbs: VIEW_TABLES.length, noSync: true, ...binary });
}

async function markStableLater(directory: ViewDirectory, logger: Logger, closed: AbortSignal): Promise<void> {
  try {
    await sleep(STABLE_AFTER_MS, undefined, { signal: closed, ref: false });
    await directory.markStable();
  } catch (error) {
    if (!closed.aborted) noteFailure(logger, error);
  }
}

/** The marks in the folder are for the next opening: without them it reads more, or builds anew. */
function noteFailure(logger: Logger, error: unknown): void {
  logger.warn("view's folder cannot be written", { error });
}
