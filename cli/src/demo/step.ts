import { printSeconds } from "../output/figures.js";
import { paint, say, type Terminal } from "../output/terminal.js";

const SIGN_OF_LIFE_EVERY_MS = 5000;

/** Runs one slow step: says that it began, every few seconds that it still runs, and how long it took. */
export async function step<Result>(
  terminal: Terminal,
  title: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const startedMs = performance.now();
  const seconds = (): string => printSeconds((performance.now() - startedMs) / 1000);
  const tell = (line: string): void => say(terminal, paint(terminal.messages, "dim", line));
  tell(`${title} ...`);
  const signOfLife = setInterval(() => tell(`${title} ... ${seconds()}`), SIGN_OF_LIFE_EVERY_MS);
  try {
    const result = await work();
    tell(`${title}: done in ${seconds()}`);
    return result;
  } finally {
    clearInterval(signOfLife);
  }
}
