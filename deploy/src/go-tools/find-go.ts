import { runCommand, StackError } from "@lastknown/stack";

/** Go as it is on this machine. */
export interface Go {
  readonly command: string;
  /** What `go version` answers: another Go builds another program. */
  readonly version: string;
}

const VERSION_BOUND_MS = 60_000;
const MINOR_MIN = 24;

/** @returns undefined where there is no Go, or one that is too old */
export async function findGo(command = "go"): Promise<Go | undefined> {
  try {
    const { exitCode, stdout } = await runCommand(command, ["version"], { boundMs: VERSION_BOUND_MS });
    const version = stdout.toString("utf8").trim();
    const minor = Number(/^go version go1\.(\d+)/.exec(version)?.[1] ?? -1);
    return exitCode === 0 && minor >= MINOR_MIN ? { command, version } : undefined;
  } catch (error) {
    if (error instanceof StackError && error.code === "tools-missing") return undefined;
    throw error;
  }
}

/** The message where nothing can be built: what for, and how to come by Go. */
export function goMissing(toolName: string): StackError {
  return new StackError(
    "tools-missing",
    [
      `missing: Go 1.${MINOR_MIN} or later (go), to build ${toolName}. Install with`,
      "  Debian 13, Ubuntu 25.10:  sudo apt-get update && sudo apt-get install -y --no-install-recommends golang-go",
      "  Fedora:                   sudo dnf install -y golang",
      "  macOS:                    brew install go",
      "  anywhere:                 https://go.dev/doc/install",
    ].join("\n"),
  );
}
