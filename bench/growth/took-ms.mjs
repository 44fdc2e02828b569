const QUESTIONS = 1000;
/** Asked before and not counted: the first ones of a process take what its code takes to be compiled. */
const QUESTIONS_BEFORE = 500;
/** A kind of question goes on for so long at most, and before it is counted for a third of that. */
const ASKING_BOUND_MS = 15_000;

/**
 * How long answers took, in ms, asked one after the other.
 * @param {() => unknown} ask the same kind of question each time
 */
export async function tookMs(ask) {
  await askRepeatedly(ask, { questions: QUESTIONS_BEFORE, boundMs: ASKING_BOUND_MS / 3 });
  return await askRepeatedly(ask, { questions: QUESTIONS, boundMs: ASKING_BOUND_MS });
}

async function askRepeatedly(ask, { questions, boundMs }) {
  const all = [];
  const untilMs = performance.now() + boundMs;
  while (all.length < questions && performance.now() < untilMs) {
    const askedMs = performance.now();
    await ask();
    all.push(performance.now() - askedMs);
  }
  return all;
}
