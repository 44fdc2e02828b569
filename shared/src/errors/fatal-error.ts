import { exitCodes, type ExitCode } from "./exit-codes.js";

/** How a FatalError is made: `fix` tells the reader what to do, as a sentence without its full stop. */
export interface FatalErrorOptions {
  readonly fix: string;
  readonly exitCode?: ExitCode;
  readonly cause?: unknown;
}

/**
 * Ends the process: a person has to act before it can go on. `message` says what went wrong and where, `fix`
 * what to do about it; printed together they are one clear line.
 *
 * @example
 *   throw new FatalError("Redis does not answer at 127.0.0.1:7001", {
 *     fix: "start it, or set LASTKNOWN_REDIS_NODES",
 *     exitCode: exitCodes.unreachable,
 *   });
 */
export class FatalError extends Error {
  override readonly name: string = "FatalError";
  readonly fix: string;
  readonly exitCode: ExitCode;

  constructor(message: string, options: FatalErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.fix = options.fix;
    this.exitCode = options.exitCode ?? exitCodes.failed;
  }
}

/** What a person is shown for an error, without a stack: `what, where: the fix`. */
export function describeError(error: unknown): string {
  if (error instanceof FatalError) return `${error.message}: ${error.fix}`;
  return error instanceof Error ? error.message : String(error);
}

/** The status with which a process ends that was stopped by this error. */
export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof FatalError ? error.exitCode : exitCodes.failed;
}
