import { copyFile, rename } from "node:fs/promises";
import { join } from "node:path";
import {
  type OnProgress,
  parentToWatch,
  runCommand,
  slowStep,
  StackError,
  TemporaryServers,
} from "@lastknown/stack";
import type { Go } from "./find-go.js";
import type { GoTool } from "./go-tools.js";

export interface BuildOptions {
  readonly go: Go;
  /** Where the program shall be; its folder is there. */
  readonly path: string;
  readonly onProgress: OnProgress;
}

const BUILD_BOUND_MS = 60 * 60_000;
const TAIL_LINES = 20;

/**
 * Builds a program and puts it at its path as a whole or not at all. What Go fetches is checked against go.sum. The
 * build ends with this program, however that ends, and what it wrote until then goes too.
 */
export async function buildGoTool(tool: GoTool, { go, path, onProgress }: BuildOptions): Promise<void> {
  const building = await TemporaryServers.open(`lastknown-build-${tool.name}-`, parentToWatch());
  const made = join(building.directory, tool.name);
  try {
    await slowStep(onProgress, `building ${tool.name} (once, ${tool.takes})`, async () => {
      const { exitCode, stderr } = await runCommand("env", buildCommand(tool, go, building.directory), {
        boundMs: BUILD_BOUND_MS,
        cwd: tool.moduleFolder,
        note: (pid) => building.adopt("go", pid),
      });
      if (exitCode !== 0) throw buildFailed(tool.name, stderr.toString("utf8"));
    });
    // The cache may be on another disk, where a rename does not reach.
    const beside = `${path}.copying`;
    await copyFile(made, beside);
    await rename(beside, path);
  } finally {
    await building.stop();
  }
}

/** Nothing of C, so no compiler but Go's own; and polite to whatever else this machine is at. */
function buildCommand(tool: GoTool, go: Go, directory: string): string[] {
  const settings = Object.entries(tool.linkerSettings ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  return [
    ["CGO_ENABLED=0", "GOWORK=off", `GOTMPDIR=${directory}`],
    ["nice", "-n", "10", go.command, "build", "-mod=readonly", "-buildvcs=false", "-trimpath"],
    ["-ldflags", ["-s", "-w", ...settings].join(" ")],
    ["-o", join(directory, tool.name), tool.mainPackage],
  ].flat();
}

function buildFailed(name: string, said: string): StackError {
  const tail = said.trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
  return new StackError("download", `cannot build ${name}; Go said:\n${tail}`);
}
