import { expect, it } from "@jest/globals";
import { sharesSeenByCount } from "./seen-by-count.mjs";

/** Ten rows, one each 100 ms; then ten, one each 10 ms. */
const PACES = [
  { events: 10, everyMicros: 100_000 },
  { events: 10, everyMicros: 10_000 },
];
const START = 1_700_000_000_000;

function shares(sights: readonly (readonly [number, number])[], withinSeconds: number): number[] {
  const seen = sights.map(([ms, arrivals]) => ({ seenAtMs: START + ms, arrivals }));
  return sharesSeenByCount({ sights: seen, paces: PACES, startMs: START, withinSeconds });
}

it("counts all where all were seen in time", () => {
  expect(shares([[1000, 10], [1200, 20]], 2)).toEqual([1, 1]); // prettier-ignore
});

it("counts only those of a look that were planned recently enough", () => {
  // At 1 s the first ten are seen, of which five were planned in the half second before.
  expect(shares([[1000, 10]], 0.5)).toEqual([0.5, 0]);
  expect(shares([[1000, 10], [1550, 20]], 0.5)).toEqual([0.5, 0.5]); // prettier-ignore
});

it("tells a look over two paces apart", () => {
  expect(shares([[1100, 20]], 0.3)).toEqual([0.2, 1]);
  expect(shares([[1100, 15]], 0.3)).toEqual([0.2, 0.5]);
});

it("counts none that came too late", () => {
  expect(shares([[60_000, 20]], 30)).toEqual([0, 0]);
});
