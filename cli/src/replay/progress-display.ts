import type { ReplayProgress } from "@lastknown/producer";
import { printCount, printMillis, printSeconds } from "../output/figures.js";
import type { OutputStream } from "../output/terminal.js";

export type ProgressMode = "auto" | "plain" | "none";

/** Shows how far a replay is. */
export interface ProgressDisplay {
  show(progress: ReplayProgress): void;
  /** Says something that is to stay, in every mode. */
  tell(line: string): void;
  /** Takes a bar off the terminal, so that what follows stands on a line of its own. */
  clear(): void;
}

const PLAIN_EVERY_MS = 5000;
const BAR_WIDTH = 24;
const CLEAR_LINE = "\r\u001b[K";

/** A bar that rewrites its line on a terminal; lines of their own where they were asked for; else nothing. */
export function createProgressDisplay(
  stream: OutputStream,
  mode: ProgressMode,
  now: () => number = () => performance.now(),
): ProgressDisplay {
  const startMs = now();
  const tell = (line: string): void => void stream.write(`${line}\n`);
  if (mode === "auto" && stream.isTTY === true) {
    return {
      show: (progress) => void stream.write(CLEAR_LINE + progressText(progress, now() - startMs)),
      tell: (line) => void stream.write(`${CLEAR_LINE}${line}\n`),
      clear: () => void stream.write(CLEAR_LINE),
    };
  }
  if (mode !== "plain") return { show: () => undefined, tell, clear: () => undefined };
  let shownMs = -Infinity;
  return {
    show: (progress) => {
      if (now() - shownMs < PLAIN_EVERY_MS) return;
      shownMs = now();
      stream.write(`${progressText(progress, now() - startMs)}\n`);
    },
    tell,
    clear: () => undefined,
  };
}

/** `publishing  [####    ]  5,120 of 10,000 rows  833/s  drift 4.1 ms  5.9 s left` */
export function progressText(progress: ReplayProgress, elapsedMs: number): string {
  const { phase, rows, rowsTotal, published, rejected, bytesRead, bytesTotal, driftP99Ms } = progress;
  const done = phase === "reading" ? share(bytesRead, bytesTotal) : share(published, rowsTotal);
  const count =
    phase === "reading"
      ? `${printCount(rows)} rows`
      : `${printCount(published)}${rowsTotal === undefined ? "" : ` of ${printCount(rowsTotal)}`} rows`;
  const perSecond =
    phase === "publishing" && elapsedMs > 0
      ? `${printCount(Math.round((published / elapsedMs) * 1000))}/s`
      : "";
  const bad = rejected === 0 ? "" : `${printCount(rejected)} rejected`;
  const drift = driftP99Ms === undefined ? "" : `drift ${printMillis(driftP99Ms)}`;
  return [phase, bar(done), count, perSecond, drift, bad, remaining(done, elapsedMs)]
    .filter((part) => part !== "")
    .join("  ");
}

function share(part: number, whole: number | undefined): number | undefined {
  return whole === undefined || whole === 0 || !Number.isFinite(whole)
    ? undefined
    : Math.min(1, part / whole);
}

function bar(done: number | undefined): string {
  if (done === undefined) return "";
  const filled = Math.round(done * BAR_WIDTH);
  return `[${"#".repeat(filled)}${" ".repeat(BAR_WIDTH - filled)}]`;
}

/** By how long it took so far; not told before there is something to go by. */
function remaining(done: number | undefined, elapsedMs: number): string {
  if (done === undefined || done < 0.02 || done >= 1) return "";
  return `${printSeconds((elapsedMs / 1000) * (1 / done - 1))} left`;
}
