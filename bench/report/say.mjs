// Messages for a person, all on standard error: standard output is for the results.

const SIGN_OF_LIFE_EVERY_MS = 10_000;

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Runs one slow step and says that it began, that it still runs, and how long it took. */
export async function step(title, work) {
  const startedMs = performance.now();
  const seconds = () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
  say(`${title} ...`);
  const signOfLife = setInterval(() => say(`${title} ... ${seconds()}`), SIGN_OF_LIFE_EVERY_MS);
  try {
    const result = await work();
    say(`${title}: done in ${seconds()}`);
    return result;
  } finally {
    clearInterval(signOfLife);
  }
}
