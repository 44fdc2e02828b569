import type { EventFacts } from "./fleet-for-test.js";

/** A small generator of numbers that gives the same ones for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const START = Date.UTC(2024, 2, 10) * 1000;
const SECOND = 1_000_000;

/** Events as real fleets send them: three in four late, some sent twice, clocks ahead, ties of sts. */
export function hostileEvents(options: {
  users: readonly string[];
  rows: number;
  seed: number;
}): EventFacts[] {
  const random = randomNumbers(options.seed);
  const events: EventFacts[] = [];
  let sts = START;
  for (let row = 0; row < options.rows; row++) {
    if (random() < 0.8) sts += Math.floor(random() * 20 * SECOND);
    const again = events[Math.floor(random() * events.length)];
    if (again !== undefined && random() < 0.15) {
      events.push({ ...again, sts });
      continue;
    }
    const user = options.users[Math.floor(random() * options.users.length)] as string;
    const late = random() < 0.75 ? Math.floor(random() * 3600) * SECOND : 0;
    const ahead = random() < 0.05 ? Math.floor(random() * 3600) * SECOND : 0;
    const attributes = { letter: String.fromCharCode(97 + Math.floor(random() * 3)), "battery (%)": row / 4 };
    events.push({ user, sts, timeStamp: sts - late + ahead, attributes });
  }
  return events;
}
