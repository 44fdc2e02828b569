import { expect, it } from "@jest/globals";
import { barsPanel } from "./bars-panel.mjs";

type Spread = Readonly<{ min: number; median: number; max: number }>;

const all = (value: number): Spread => ({ min: value, median: value, max: value });

function drawn(spreads: readonly (Spread | undefined)[]): string {
  const bars = spreads.map((spread, index) => ({ label: `bar ${index}`, spread }));
  return barsPanel({ title: "A rate", unit: "per second", bars }).marks.join("\n");
}

/** Of the white slants of a bar that is cut. */
const cuts = (svg: string): number => svg.match(/stroke="white"/g)?.length ?? 0;

it("cuts a bar that would press the others flat", () => {
  expect(cuts(drawn([all(10), all(30)]))).toBe(0);
  expect(cuts(drawn([all(10), all(100)]))).toBe(1);
});

it("cuts no bar of which only one run went astray, and draws its whole whisker", () => {
  const svg = drawn([all(10), { min: 9, median: 10, max: 100 }]);
  expect(cuts(svg)).toBe(0);
  const [, short] = /<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)"/.exec(svg)!.map(Number);
  const [, from, to] = /M([\d.]+) [\d.]+V[\d.]+M[\d.]+ [\d.]+H([\d.]+)/.exec(svg)!.map(Number);
  expect((to! - from!) / short!).toBeCloseTo(9.1, 1);
});

it("has no whisker where all runs had the same", () => {
  expect(drawn([all(10)])).not.toMatch(/M[\d.]+ [\d.]+V[\d.]+M/);
});

it("says that a bar is missing", () => {
  expect(drawn([all(10), undefined])).toContain(">not measured<");
  expect(drawn([undefined])).toContain(">not measured<");
});
