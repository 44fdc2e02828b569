import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Jars } from "../jars/ensure-jars.js";
import type { Tools } from "../tools/ensure-tools.js";

/** What starting a server takes from this machine, and where it may write. */
export class ServerFiles {
  readonly directory: string;
  readonly tools: Tools;
  readonly jars: Jars;

  constructor(directory: string, tools: Tools, jars: Jars) {
    this.directory = directory;
    this.tools = tools;
    this.jars = jars;
  }

  folderOf(serverName: string): string {
    return join(this.directory, serverName);
  }

  /** Java's option for temporary files: a killed server leaves its own behind, so they belong into its folder. */
  javaTemporaryFolder(serverName: string): string {
    const folder = join(this.folderOf(serverName), "tmp");
    mkdirSync(folder, { recursive: true });
    return `-Djava.io.tmpdir=${folder}`;
  }

  logFileOf(serverName: string): string {
    return logFileIn(this.directory, serverName);
  }
}

export function logFileIn(directory: string, serverName: string): string {
  return join(directory, "logs", `${serverName}.log`);
}
