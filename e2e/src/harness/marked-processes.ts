import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process that we, or what we started, started: by a variable in its environment, or by the folder it works in. */
export interface MarkedProcess {
  readonly pid: number;
  readonly commandLine: string;
}

/** What the processes of one run have and no others. */
export interface Mark {
  readonly text: string;
  readonly folder: string;
}

/** Handed down to whatever is started, also to what leads a group of its own or is nobody's child any more. */
const VARIABLE = "LASTKNOWN_TEST_MARK";

export function markIn({ text }: Mark): Record<string, string> {
  return { [VARIABLE]: text };
}

/**
 * All that run now with the mark. One that has ended and was not collected (a zombie) has neither. Redis writes its
 * title over its environment, but works in a folder of the run. Linux only.
 */
export function markedProcesses({ text, folder }: Mark): MarkedProcess[] {
  const wanted = `${VARIABLE}=${text}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const environment = textOfRunning(() => readFileSync(`/proc/${name}/environ`, "utf8"));
      const worksIn = textOfRunning(() => readlinkSync(`/proc/${name}/cwd`));
      if (!environment.split("\0").includes(wanted) && !worksIn.startsWith(`${folder}/`)) return [];
      const commandLine = textOfRunning(() => readFileSync(`/proc/${name}/cmdline`, "utf8"));
      return [{ pid: Number(name), commandLine: commandLine.replaceAll("\0", " ").trim() }];
    });
}

/** Empty where the process has ended meanwhile, or is another user's. */
function textOfRunning(read: () => string): string {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return "";
    throw error;
  }
}
