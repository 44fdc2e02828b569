import { describe, expect, it, test } from "@jest/globals";
import { plotOf } from "./plot.mjs";
import { resultsOf, RUN_OF } from "../test-results.js";
import { PHASES } from "../../options.mjs";

const LETTER_PX = 6.7;
/** Left of each panel. */
const MARGIN_PX = 20;

function plotted(phases: readonly string[], factors = [1, 1.2, 0.9]): string {
  return plotOf(resultsOf(phases, factors));
}

function panelsIn(svg: string): { left: number; top: number; marks: string }[] {
  const groups = svg.matchAll(/<g transform="translate\(([\d.]+) ([\d.]+)\)">([^]*?)<\/g>/g);
  return [...groups].map(([, left, top, marks]) => ({ left: Number(left), top: Number(top), marks: marks! }));
}

function textsIn(marks: string): { text: string; from: number; to: number; y: number }[] {
  const texts = marks.matchAll(/<text x="([-\d.]+)" y="([-\d.]+)" text-anchor="(\w+)"[^>]*>([^<]*)/g);
  return [...texts].map(([, x, y, anchor, text]) => {
    const length = text!.length * LETTER_PX;
    const from = Number(x) - { start: 0, middle: length / 2, end: length }[anchor!]!;
    return { text: text!, from, to: from + length, y: Number(y) };
  });
}

test("every phase has a run to draw here", () => {
  expect(Object.keys(RUN_OF).sort()).toEqual([...PHASES].sort());
});

describe.each(PHASES)("the plot of %s", (phase) => {
  it.each([1, 3])("has panels, and each place and figure is a number, with %d runs", (count) => {
    const svg = plotted([phase], [1, 1.2, 0.9].slice(0, count));
    expect(svg.match(/<g transform/g)?.length).toBeGreaterThanOrEqual(2);
    expect(svg.match(/NaN|undefined|Infinity|null/)?.[0]).toBeUndefined();
  });

  it("lies on the page, and no text reaches into the next panel", () => {
    const svg = plotted([phase]);
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!.map(Number);
    const panels = panelsIn(svg);
    for (const { left, top, marks } of panels) {
      const neighbours = panels.filter((panel) => panel.top === top && panel.left > left);
      const right = Math.min(width!, ...neighbours.map((panel) => panel.left));
      for (const { text, from, to, y } of textsIn(marks)) {
        const isInside = from >= -MARGIN_PX && left + to <= right && top + y < height!;
        expect({ text, isInside }).toEqual({ text, isInside: true });
      }
    }
  });
});

it("tells what machine it was and what else it did meanwhile", () => {
  const svg = plotted(["drain"]);
  expect(svg).toContain("2 cores of a &lt;fast> one");
  expect(svg).toContain("load average 0.5 0.4 0.3");
  expect(svg).toContain("meanwhile other programs took 2 % / 2 % / 2 % of the machine");
});

it("draws a bar to the median of the runs and a whisker from the least to the greatest", () => {
  const svg = plotted(["drain"], [1, 1.6, 0.8]);
  const [, x, width] = /<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="14" fill="#7d9db5"\/>/
    .exec(svg)!
    .map(Number);
  const [, least, greatest] = /M([\d.]+) [\d.]+V[\d.]+M[\d.]+ [\d.]+H([\d.]+)/.exec(svg)!.map(Number);
  expect((least! - x!) / width!).toBeCloseTo(0.8, 2);
  expect((greatest! - x!) / width!).toBeCloseTo(1.6, 2);
});

it("cuts a bar that would press the others flat, and says so by its figure", () => {
  const svg = plotted(["peers"]);
  expect(svg).toContain('stroke="white"');
  expect(svg).toMatch(/>480</);
});

it("names a peer that could not be measured", () => {
  expect(plotted(["peers"])).toContain(">not built<");
});

it("puts no more panels beside each other than a window shows", () => {
  const lefts = [...plotted(["growth"]).matchAll(/translate\(([\d.]+) /g)].map(([, left]) => Number(left));
  expect([...new Set(lefts)]).toEqual([20, 460, 900]);
});

it("draws the floor beside the drain of the same session", () => {
  expect(plotted(["floor"])).not.toContain("in the drain");
  expect(plotted(["drain", "floor"])).toContain("in the drain");
});
