/** What went wrong, with the exit code that the command line answers with. */
const exitCodes = {
  "tools-missing": 2,
  usage: 2,
  "already-running": 2,
  "not-running": 1,
  download: 1,
  start: 4,
  timeout: 4,
  "port-taken": 4,
} as const;

export type StackErrorCode = keyof typeof exitCodes;

/** The one error type of this package. The message is meant for a person and names the fix where there is one. */
export class StackError extends Error {
  readonly code: StackErrorCode;
  readonly exitCode: number;

  constructor(code: StackErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StackError";
    this.code = code;
    this.exitCode = exitCodes[code];
  }
}
