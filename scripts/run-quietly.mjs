// Runs a command and keeps its output for the case that it fails.

import { spawn } from "node:child_process";

const OUTPUT_KEPT_MAX = 8 * 1024 * 1024;
const TAIL_LINES = 40;

/** A step that failed; the message carries the end of what the command wrote. */
export class StepError extends Error {
  /** @param {string} message @param {number} exitCode what this program shall end with */
  constructor(message, exitCode = 1) {
    super(message);
    this.name = "StepError";
    this.exitCode = exitCode;
  }
}

/**
 * An abort kills the command at once, as npm would first finish what it is at, and rejects when it has ended.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions} options
 * @returns {Promise<{ exitCode: number | null, output: string }>} both streams as one text
 */
export function runQuietly(command, args, { signal, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const kill = () => child.kill("SIGKILL");
    signal?.addEventListener("abort", kill, { once: true });
    if (signal?.aborted) kill();
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_KEPT_MAX);
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.once("error", reject);
    child.once("close", (exitCode) => {
      signal?.removeEventListener("abort", kill);
      if (signal?.aborted) reject(signal.reason);
      else resolve({ exitCode, output });
    });
  });
}

/** @param {string} output */
export function tailOf(output) {
  return output.trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
}
