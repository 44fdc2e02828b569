import { minMedianMax } from "../spread.mjs";

/** A bar of what each run had. */
export function barOf(label, runs, valueOf) {
  return { label, spread: minMedianMax(runs.map(valueOf)) };
}

/** The same with a colour for its name, which the legend tells. */
export function namedBarOf(label, name, runs, valueOf) {
  const bar = barOf(label, runs, valueOf);
  return { ...bar, parts: [{ name, size: bar.spread.median }] };
}

/** A point of a marked curve. */
export function pointOf(x, runs, valueOf) {
  const { min, median, max } = minMedianMax(runs.map(valueOf));
  return { x, y: median, min, max };
}
