import { expect } from "@jest/globals";
import type { ChildProcess } from "./child-process.js";

const ENDED_BOUND_MS = 60_000;

/** Waits until a worker has ended with 1, as one does that cannot go on, and gives the last line of its log. */
export async function lastWordsOf(worker: ChildProcess): Promise<string> {
  const bound = setTimeout(() => void worker.kill("SIGKILL"), ENDED_BOUND_MS);
  const ended = await worker.ended;
  clearTimeout(bound);
  expect(ended).toEqual({ exitCode: 1, signal: null });
  return worker.stderr.lines.at(-1) ?? "";
}
