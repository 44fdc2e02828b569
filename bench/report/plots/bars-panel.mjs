import { figure } from "../table.mjs";
import { coloursOf } from "./colours.mjs";
import { legend } from "./legend.mjs";
import { GRID, HEAD_HEIGHT, headOf, PANEL_WIDTH, QUIET, RIGHT } from "./panel.mjs";
import { linearScale, tickText } from "./scales.mjs";
import { boxAt, pathOf, px, textAt, widthOf } from "./svg.mjs";

const BAR_PX = 14;
/** Between bars of one label, and between labels. */
const CLOSE_PX = 2;
const APART_PX = 10;
/** For the figure behind the longest bar. */
const FIGURE_PX = 62;
/** Where one bar is so many times the next, it is cut, or the others could not be compared. */
const CUT_FACTOR = 4;
/** So far past the next it goes before it is cut. */
const PAST_NEXT_FACTOR = 1.2;
const WHISKER_PX = 3;
/** Of a bar that no legend names. */
const PLAIN = "#7d9db5";

/**
 * @typedef {{ min: number, median: number, max: number }} Spread of the runs
 * @typedef {{ label: string, spread?: Spread, parts?: readonly { name: string, size: number }[], missing?: string }} Bar
 *   of parts that lie one behind the other, else of one; neighbours of one label stand together; `missing` says why
 *   there is none
 * @param {{ title: string, unit: string, bars: readonly Bar[], columns?: number }} panel
 */
export function barsPanel({ title, unit, bars, columns = 1 }) {
  const left = Math.max(...bars.map(({ label }) => widthOf(label))) + 8;
  const right = columns * PANEL_WIDTH - RIGHT;
  const placed = placedBars(bars);
  const bottom = placed.at(-1).top + BAR_PX + APART_PX / 2;
  const end = axisEnd(bars);
  const scale = linearScale(end, { from: left, to: right - FIGURE_PX });
  const colours = coloursOf([...new Set(bars.flatMap(({ parts = [] }) => parts.map(({ name }) => name)))]);
  const names = legend(colours, { left, top: bottom + 28, width: right - left });
  const marks = [
    ...headOf(title, unit),
    ...scale.ticks.flatMap((tick, index) => [
      pathOf(`M${px(scale.at(tick))} ${HEAD_HEIGHT}V${bottom}`, index === 0 ? QUIET : GRID),
      ...(hasRoom(scale, index)
        ? [textAt(scale.at(tick), bottom + 15, tickText(tick), { anchor: "middle" })]
        : []),
    ]),
    ...placed.flatMap((bar) => drawn(bar, { left, scale, colours })),
    ...names.marks,
  ];
  return { columns, height: bottom + 28 + names.height, marks };
}

function placedBars(bars) {
  let top = HEAD_HEIGHT + APART_PX / 2;
  return bars.map((bar, index) => {
    const isFirst = bar.label !== bars[index - 1]?.label;
    if (index > 0) top += BAR_PX + (isFirst ? APART_PX : CLOSE_PX);
    return { ...bar, top, isFirst };
  });
}

/** To the end of the longest whisker, except where a bar itself, not its whisker alone, leaves all others far behind. */
function axisEnd(bars) {
  const [longest, next] = bars
    .flatMap(({ spread }) => (Number.isFinite(spread?.median) ? [spread] : []))
    .sort((a, b) => b.max - a.max);
  if (longest === undefined) return 1;
  const isCut = next?.max > 0 && longest.median > next.max * CUT_FACTOR;
  return isCut ? next.max * PAST_NEXT_FACTOR : longest.max;
}

/** Not every line needs its number where they are close. */
function hasRoom({ at, ticks }, index) {
  const wanted = Math.max(...ticks.map((tick) => widthOf(tickText(tick)))) + 8;
  return index % Math.ceil(wanted / (at(ticks[1]) - at(ticks[0]))) === 0;
}

function drawn({ label, isFirst, top, spread, parts, missing }, { left, scale, colours }) {
  const middle = top + BAR_PX / 2;
  const title = isFirst ? [textAt(left - 8, middle + 4, label, { anchor: "end" })] : [];
  if (spread === undefined || !Number.isFinite(spread.median)) {
    return [...title, textAt(left + 4, middle + 4, missing ?? "not measured", { colour: QUIET })];
  }
  const end = scale.at(scale.ticks.at(-1));
  const at = (value) => Math.min(scale.at(value), end);
  const isCut = scale.at(spread.median) > end;
  const figureAt = Math.max(at(spread.max), at(spread.median)) + 6;
  return [
    ...title,
    ...boxes(parts ?? [{ name: undefined, size: spread.median }], { top, at, colours }),
    ...(isCut ? [cutMark(end, top)] : whisker(spread, { middle, at })),
    textAt(figureAt, middle + 4, figure(spread.median)),
  ];
}

function boxes(parts, { top, at, colours }) {
  let before = 0;
  return parts.map(({ name, size }) => {
    const [from, to] = [at(before), at(before + size)];
    before += size;
    return boxAt(from, top, { width: to - from, height: BAR_PX, colour: colours.get(name) ?? PLAIN });
  });
}

function whisker({ min, max }, { middle, at }) {
  if (!(max > min)) return [];
  const [from, to, top, bottom] = [px(at(min)), px(at(max)), middle - WHISKER_PX, middle + WHISKER_PX];
  return [pathOf(`M${from} ${top}V${bottom}M${from} ${middle}H${to}M${to} ${top}V${bottom}`)];
}

/** Two slants: what is beyond is not drawn. */
function cutMark(end, top) {
  const slant = (x) => `M${px(x)} ${top + BAR_PX + 2}l5 ${-BAR_PX - 4}`;
  return pathOf(`${slant(end - 14)}${slant(end - 9)}`, "white", 2);
}
