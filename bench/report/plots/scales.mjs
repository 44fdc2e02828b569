// From values to pixels, with the values that stand beside an axis.

/** In how many steps an axis is cut, about. */
const STEPS = 5;
/** Up to so many powers of ten there is room for 2 and 5 between them. */
const FINE_DECADES_MAX = 2;
/** A scale needs some length, though all values may be the same. */
const LEAST_FACTOR = 1.01;

/**
 * @typedef {{ from: number, to: number }} Range in px
 * @typedef {{ at: (value: number) => number, ticks: number[] }} Scale
 */

/**
 * From 0 to the first round value that is not below the greatest.
 * @param {number} greatest @param {Range} range @returns {Scale}
 */
export function linearScale(greatest, { from, to }) {
  const step = roundStep(Math.max(greatest, 1e-9) / STEPS);
  const count = Math.max(1, Math.ceil(greatest / step - 1e-9));
  const ticks = Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
  return { at: (value) => from + (value / ticks.at(-1)) * (to - from), ticks };
}

/**
 * By the logarithm, between round values: equal ways are equal factors. What is below the least lies on the axis.
 * @param {{ least: number, greatest: number }} values more than 0 @param {Range} range @returns {Scale}
 */
export function logScale({ least, greatest }, range) {
  const decades = Math.log10(Math.max(greatest, least)) - Math.log10(least);
  const factors = decades <= FINE_DECADES_MAX ? [1, 2, 5] : [1];
  const [first, last] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(Math.max(greatest, least))) + 1];
  const round = [];
  for (let power = first; power <= last; power++) {
    round.push(...factors.map((factor) => Number((factor * 10 ** power).toPrecision(6))));
  }
  const low = round.findLast((value) => value <= least * LEAST_FACTOR);
  const high = round.find((value) => value > low && value >= greatest);
  return { at: logarithmic(low, high, range), ticks: round.filter((tick) => tick >= low && tick <= high) };
}

/**
 * By the logarithm too, for sizes that were chosen: they stand beside the axis, and nothing else.
 * @param {readonly number[]} sizes more than 0 @param {Range} range @returns {Scale}
 */
export function sizesScale(sizes, range) {
  const ticks = [...new Set(sizes)].sort((a, b) => a - b);
  return { at: logarithmic(ticks[0], Math.max(ticks.at(-1), ticks[0] * LEAST_FACTOR), range), ticks };
}

/** As few letters as say it all: 0.5, 2,000, 50k, 1.5M. */
export function tickText(value) {
  if (value >= 1e6) return `${value / 1e6}M`;
  if (value >= 1e4) return `${value / 1e3}k`;
  return value.toLocaleString("en-US", { maximumFractionDigits: 6 });
}

function logarithmic(low, high, { from, to }) {
  const length = Math.log10(high / low);
  return (value) => from + (Math.log10(Math.max(value, low) / low) / length) * (to - from);
}

/** 1, 2 or 5 times a power of ten. */
function roundStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * (1 - 1e-9));
}
