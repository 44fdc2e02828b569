/** What the process's exit status tells; `130` and `143` are the shell's words for SIGINT and SIGTERM. */
export const exitCodes = {
  /** All was done. */
  done: 0,
  /** Something failed that no other code names. */
  failed: 1,
  /** A flag, a setting or an argument is wrong: nothing was started. */
  usage: 2,
  /** Done, but some rows were rejected. */
  rejected: 3,
  /** A server cannot be reached. */
  unreachable: 4,
  sigint: 130,
  sigterm: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
