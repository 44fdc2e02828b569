import process from "node:process";
import { setImmediate as nextTurn } from "node:timers/promises";
import closeWithGrace from "close-with-grace";
import { withDeadline } from "../deadline/index.js";
import { exitCodeOf, exitCodes, type ExitCode } from "../errors/index.js";
import type { Logger } from "../logging/index.js";

export interface RunUntilStoppedOptions<Running> {
  /** `aborted` fires if a signal comes before it is done. What it gives is stopped nevertheless. */
  readonly start: (aborted: AbortSignal) => Promise<Running>;
  readonly stop: (running: Running) => Promise<void>;
  /** Settles when it ends by itself: resolved is a good end, rejected tells why it cannot go on. */
  readonly ended?: (running: Running) => Promise<void>;
  /** How long `stop` may take; then the process ends all the same, with status 1. */
  readonly drainDeadlineMs: number;
  readonly logger: Logger;
}

/**
 * Runs a service from its start to the process's end, which is the only way out: SIGTERM, SIGINT and SIGHUP
 * stop it, within the deadline; a second signal ends the process at once; an error that nobody caught stops it
 * too, for the supervisor to start it anew. Exit codes: 143, 130, 143; 0 if it ended well by itself; else the
 * error's own.
 *
 * @example
 *   await runUntilStopped({
 *     start: () => startWorker(settings),
 *     stop: (worker) => worker.stop(),
 *     drainDeadlineMs: settings.worker.drainDeadlineMs,
 *     logger,
 *   });
 */
export async function runUntilStopped<Running>(options: RunUntilStoppedOptions<Running>): Promise<never> {
  const { logger } = options;
  const aborter = new AbortController();
  let started: Promise<Running> | undefined;

  const finish = async (reason: Reason): Promise<never> => {
    aborter.abort();
    const isDrained = started === undefined || (await drain(started, options));
    const exitCode = isDrained ? exitCodeFor(reason) : exitCodes.failed;
    if (isDrained && reason.error === undefined) logger.info("stopped", { exitCode });
    return await leave(exitCode);
  };
  const grace = closeWithGrace(
    {
      delay: false,
      logger: false,
      skip: SKIPPED,
      onSecondSignal: (signal) => process.exit(exitCodeFor({ signal })),
    },
    async ({ signal, err }) => {
      if (err !== undefined) logger.error("unforeseen error", { error: err });
      else logger.info("stopping", { signal });
      await finish({ signal, error: err });
    },
  );

  try {
    started = options.start(aborter.signal);
    const running = await started;
    if (!aborter.signal.aborted) await (options.ended?.(running) ?? forever());
  } catch (error) {
    if (aborter.signal.aborted) return await forever();
    grace.uninstall();
    logger.error("failed", { error });
    return await finish({ error });
  }
  if (aborter.signal.aborted) return await forever();
  grace.uninstall();
  return await finish({});
}

/** Why the process ends; nothing means that its work is done. */
interface Reason {
  readonly signal?: string | undefined;
  readonly error?: unknown;
}

/** These end the process as ever: what they report cannot be drained. */
const SKIPPED: closeWithGrace.AllEvents[] = [
  "SIGQUIT",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGSEGV",
  "SIGUSR2",
  "beforeExit",
];

function exitCodeFor(reason: Reason): ExitCode {
  if (reason.error !== undefined) return exitCodeOf(reason.error);
  if (reason.signal === undefined) return exitCodes.done;
  return reason.signal === "SIGINT" ? exitCodes.sigint : exitCodes.sigterm;
}

/** False if it failed or took too long. A start that failed leaves nothing to stop. */
async function drain<Running>(
  started: Promise<Running>,
  { stop, drainDeadlineMs, logger }: RunUntilStoppedOptions<Running>,
): Promise<boolean> {
  const stopped = started.then(
    async (running) => {
      await stop(running);
      return true;
    },
    () => true,
  );
  try {
    return await withDeadline(drainDeadlineMs, stopped, () => {
      logger.error("stopping took too long", { drainDeadlineMs });
      return false;
    });
  } catch (error) {
    logger.error("stopping failed", { error });
    return false;
  }
}

/** A turn of the event loop lets the last log lines out. */
async function leave(code: ExitCode): Promise<never> {
  await nextTurn();
  return process.exit(code);
}

/** Until a signal's own path ends the process. */
function forever(): Promise<never> {
  return new Promise(() => undefined);
}
