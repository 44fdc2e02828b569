const QUESTIONS = 300;
/** A kind of question goes on for so long at most. */
const ASKING_BOUND_MS = 15_000;

/**
 * How long answers took, in ms, asked one after the other.
 * @param {() => unknown} ask the same kind of question each time
 */
export async function tookMs(ask) {
  const all = [];
  const untilMs = performance.now() + ASKING_BOUND_MS;
  while (all.length < QUESTIONS && performance.now() < untilMs) {
    const askedMs = performance.now();
    await ask();
    all.push(performance.now() - askedMs);
  }
  return all;
}
