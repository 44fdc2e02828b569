/** Takes one line at a time, without a newline; where it goes is the caller's choice (usually standard error). */
export type OnProgress = (line: string) => void;

const SIGN_OF_LIFE_EVERY_MS = 5_000;

/** Runs one slow step: says that it began, that it still runs, and how many seconds it took. */
export async function slowStep<T>(onProgress: OnProgress, title: string, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const seconds = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
  onProgress(`${title} ...`);
  const signOfLife = setInterval(() => onProgress(`${title} ... ${seconds()}`), SIGN_OF_LIFE_EVERY_MS);
  try {
    const result = await work();
    onProgress(`${title}: done in ${seconds()}`);
    return result;
  } finally {
    clearInterval(signOfLife);
  }
}
