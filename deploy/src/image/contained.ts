import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import type { HandBuiltImage } from "./build-by-hand.js";
import { execForm, imageEnvironment, imageStage, instructionIn } from "./dockerfile.js";

const END_BOUND_MS = 120_000;
const LINES_KEPT_MAX = 50;
/** As the image's USER. */
const USER = 1000;
/** Only root can start something as another user; anybody else is without rights already. */
export const isRoot = process.getuid?.() === 0;

/** A command of the image, run as a container would run it: as its user, with its variables. */
export class Contained {
  readonly #child: ChildProcess;
  readonly #command: string;
  #said: string[] = [];

  /** @param environment beside the image's own */
  constructor(image: HandBuiltImage, args: readonly string[], environment: NodeJS.ProcessEnv) {
    const [command = "", ...first] = commandOf(image, "ENTRYPOINT");
    this.#command = args.join(" ");
    this.#child = spawn(command, [...first, ...args], {
      cwd: image.pathOf("app"),
      env: { PATH: process.env["PATH"], ...imageEnvironment(), ...environment },
      stdio: ["ignore", "ignore", "pipe"],
      ...(isRoot ? { uid: USER, gid: USER } : {}),
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said = [...this.#said, ...text.trimEnd().split("\n")].slice(-LINES_KEPT_MAX);
    });
  }

  kill(signal: "SIGTERM" | "SIGKILL"): void {
    this.#child.kill(signal);
  }

  /** Resolves when it has ended with this exit code. @throws Error with what it said last, else */
  async endsWith(exitCode: number): Promise<void> {
    await endOf(this.#child);
    if (this.#child.exitCode === exitCode) return;
    const found = this.#child.exitCode ?? this.#child.signalCode ?? "nothing yet";
    throw new Error(
      `${this.#command} ended with ${found}, not ${exitCode}; it said:\n${this.#said.join("\n")}`,
    );
  }
}

/** Whether the image's own health check takes a process for alive that has its operations at this port. */
export async function isHealthy(image: HandBuiltImage, operationsPort: number): Promise<boolean> {
  const [command = "", ...args] = commandOf(image, "HEALTHCHECK");
  const env = { PATH: process.env["PATH"], LASTKNOWN_OPERATIONS_PORT: String(operationsPort) };
  const check = spawn(command, args, { env, stdio: "ignore" });
  await endOf(check);
  return check.exitCode === 0;
}

async function endOf(child: ChildProcess): Promise<void> {
  const deadlineMs = performance.now() + END_BOUND_MS;
  const runs = (): boolean => child.exitCode === null && child.signalCode === null;
  while (runs() && performance.now() < deadlineMs) await pause(20);
}

function commandOf(image: HandBuiltImage, keyword: "ENTRYPOINT" | "HEALTHCHECK"): string[] {
  const instruction = instructionIn(imageStage(), keyword);
  if (instruction === undefined) throw new Error(`the image has no ${keyword}`);
  // Options and CMD come before a health check's command.
  const rest = instruction.rest.slice(instruction.rest.indexOf("["));
  return execForm({ keyword, rest }).map((arg) => (arg.startsWith("/") ? image.pathOf(arg) : arg));
}
