import { Tally } from "./tally.mjs";

/**
 * Each connection asks its next question when it has the answer to the one before.
 * @param {readonly { ask(path: string): Promise<number> }[]} connections
 * @param {(index: number) => string} pathOf
 * @param {number} seconds
 */
export async function askOn(connections, pathOf, seconds) {
  const tally = new Tally();
  const untilMs = performance.now() + seconds * 1000;
  const askFrom = async (connection, first) => {
    for (let index = first; performance.now() < untilMs; index += connections.length) {
      const askedMs = performance.now();
      const status = await connection.ask(pathOf(index));
      tally.answered(status, performance.now() - askedMs);
    }
  };
  await Promise.all(connections.map(askFrom));
  return tally.figures(seconds);
}
