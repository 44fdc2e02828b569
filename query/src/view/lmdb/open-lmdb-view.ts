import { join } from "node:path";
import { FatalError, type FleetRecord, type Logger } from "@lastknown/shared";
import { open } from "lmdb";
import { LmdbViewStore } from "./lmdb-view-store.js";
import { lmdbDamage, PROBE_READ_MS_MAX, type ProbeDepth } from "./probe-lmdb.js";
import { STABLE_AFTER_MS, ViewDirectory } from "./view-directory.js";
import { VIEW_TABLES } from "./view-tables.js";

export interface OpenLmdbViewOptions {
  readonly dataDirectory: string;
  readonly fleet: FleetRecord;
  readonly logger: Logger;
  /** For how long a view that is there is read before it is opened; tests give others. */
  readonly probeReadMsMax?: Readonly<Record<ProbeDepth, number>>;
}

/**
 * Opens the view under the data directory, or begins a new one. A damaged one is set aside and rebuilt, since all
 * of it comes from the audit.
 *
 * @throws FatalError if it belongs to another fleet, or the folder cannot be written
 */
export async function openLmdbView({
  dataDirectory,
  fleet,
  logger,
  probeReadMsMax = PROBE_READ_MS_MAX,
}: OpenLmdbViewOptions): Promise<LmdbViewStore> {
  const directory = new ViewDirectory(join(dataDirectory, "view"));
  try {
    const reason = (await directory.problem(fleet)) ?? (await damage(directory, probeReadMsMax));
    if (reason !== undefined) {
      const setAsideTo = await directory.setAside(new Date());
      logger.warn("view set aside, building a new one", { path: directory.path, reason, setAsideTo });
    }
    await directory.markOpened(fleet);
  } catch (cause) {
    if (cause instanceof FatalError || (cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw new FatalError(`the view's folder ${directory.path} cannot be used (${(cause as Error).message})`, {
      fix: "set LASTKNOWN_DATA_DIRECTORY to a folder that this user may write",
      cause,
    });
  }
  return openStore(directory, fleet, logger);
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

function openStore(directory: ViewDirectory, fleet: FleetRecord, logger: Logger): LmdbViewStore {
  const root = open<Buffer, Buffer>({
    path: directory.path,
    maxDbs: VIEW_TABLES.length,
    encoding: "binary",
    keyEncoding: "binary",
    // Nothing is synced: the directory notices that the machine went down, and then the view is rebuilt.
    noSync: true,
  });
  const stable = setTimeout(() => {
    directory.markStable().catch((error: unknown) => noteFailure(logger, error));
  }, STABLE_AFTER_MS);
  stable.unref();
  return new LmdbViewStore(root, fleet.maxFutureSkew, {
    onDamaged: (reason) => {
      try {
        directory.markDamaged(reason);
      } catch (error) {
        noteFailure(logger, error);
      }
    },
    onClosed: async (isSound) => {
      clearTimeout(stable);
      if (isSound) await directory.markClosed().catch((error: unknown) => noteFailure(logger, error));
    },
  });
}

/** The marks in the folder are for the next opening: without them it reads more, or builds anew. */
function noteFailure(logger: Logger, error: unknown): void {
  logger.warn("view's folder cannot be written", { error });
}
