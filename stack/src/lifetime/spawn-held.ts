import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";

export interface HeldSpawn {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly stdout: "ignore" | "pipe" | "inherit" | number;
  readonly stderr: "ignore" | "pipe" | "inherit" | number;
}

/** Becomes the program, with the same pid and start, when it reads a line; ends where its input does. */
const GATE = 'read -r go && exec "$@" </dev/null';

/**
 * Starts a program in a group of its own, so that neither Ctrl-C nor our end reaches it, but lets it run only when
 * `note` has returned. Whoever cleans up after us finds what runs in what was noted: were we killed between the
 * start and the note, the program would be found nowhere; so it ends before it has begun.
 * @param note told the pid; where it throws, nothing runs.
 */
export function spawnHeld(held: HeldSpawn, note: (pid: number) => void): ChildProcess {
  const stdio: StdioOptions = ["pipe", held.stdout, held.stderr];
  const child = spawn("/bin/sh", ["-c", GATE, "sh", held.command, ...held.args], {
    detached: true,
    stdio,
    ...(held.cwd === undefined ? {} : { cwd: held.cwd }),
  });
  const { pid, stdin } = child;
  // It may be killed before it is let go; its end tells that.
  stdin?.on("error", () => stdin.destroy());
  if (pid === undefined) return child;
  try {
    note(pid);
  } catch (error) {
    stdin?.destroy();
    throw error;
  }
  stdin?.end("go\n");
  return child;
}
