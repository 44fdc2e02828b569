// The same events through more and more workers.

import { runDrain } from "./drain.mjs";

const USERS = 50_000;
const WORKERS = [1, 2, 4];

/** @returns one run's figures: those of a drain by each number of workers */
export async function runScaling({ onFleet }) {
  const drains = [];
  for (const workers of WORKERS) {
    drains.push(await onFleet(workers, { run: (own) => runDrain(own, { users: USERS, workers }) }));
  }
  return { drains };
}
