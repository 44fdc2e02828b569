import { coloursOf } from "./colours.mjs";
import { legend } from "./legend.mjs";
import { GRID, HEAD_HEIGHT, headOf, PANEL_WIDTH, QUIET, RIGHT } from "./panel.mjs";
import { linearScale, logScale, sizesScale, tickText } from "./scales.mjs";
import { pathOf, px, textAt } from "./svg.mjs";

const LEFT = 52;
const PLOT_HEIGHT = 200;
const DOT_PX = 3;

/**
 * @typedef {{ x: number, y: number, min?: number, max?: number }} Point `min` and `max` of the runs around their median
 * @typedef {{ name: string, points: readonly Point[], isMarked?: boolean }} Curve several of one name share a colour;
 *   where marked, each point is a dot with a whisker
 * @typedef {{ title: string, unit?: string, isOfSizes?: boolean }} Across by the logarithm, where it is of sizes
 * @typedef {{ title: string, isLog?: boolean, least?: number }} Up `least` where by the logarithm: what is less lies on
 *   the axis
 * @param {{ title: string, x: Across, y: Up, curves: readonly Curve[] }} panel
 */
export function curvesPanel({ title, x, y, curves }) {
  const points = curves.flatMap((curve) => curve.points);
  const right = PANEL_WIDTH - RIGHT;
  const bottom = HEAD_HEIGHT + PLOT_HEIGHT;
  const xs = acrossScale(x, points, { from: LEFT, to: right });
  const ys = upScale(y, points, { from: bottom, to: HEAD_HEIGHT });
  const colours = coloursOf([...new Set(curves.map(({ name }) => name))]);
  const names = legend(colours, { left: LEFT, top: bottom + 42, width: right - LEFT });
  const marks = [
    ...headOf(title, y.title),
    ...ys.ticks.flatMap((tick) => [
      pathOf(`M${LEFT} ${px(ys.at(tick))}H${right}`, GRID),
      textAt(LEFT - 6, ys.at(tick) + 4, tickText(tick), { anchor: "end" }),
    ]),
    pathOf(`M${LEFT} ${bottom}H${right}`, QUIET),
    ...xs.ticks.flatMap((tick) => [
      pathOf(`M${px(xs.at(tick))} ${bottom}v4`, QUIET),
      textAt(xs.at(tick), bottom + 17, `${tickText(tick)}${x.unit ?? ""}`, { anchor: "middle" }),
    ]),
    textAt((LEFT + right) / 2, bottom + 33, x.title, { anchor: "middle", colour: QUIET }),
    ...curves.flatMap((curve) => drawn(curve, { xs, ys, colour: colours.get(curve.name) })),
    ...names.marks,
  ];
  return { columns: 1, height: bottom + 42 + names.height, marks };
}

function acrossScale({ isOfSizes = false }, points, range) {
  const values = points.map(({ x }) => x);
  return isOfSizes ? sizesScale(values, range) : linearScale(Math.max(...values), range);
}

function upScale({ isLog = false, least }, points, range) {
  const values = points.flatMap(({ y, min = y, max = y }) => [min, max]).filter(Number.isFinite);
  const greatest = Math.max(...values);
  return isLog
    ? logScale({ least: least ?? Math.min(...values), greatest }, range)
    : linearScale(greatest, range);
}

function drawn({ points, isMarked = false }, { xs, ys, colour }) {
  const seen = points.filter(({ y }) => Number.isFinite(y));
  const way = seen.map((point) => `${px(xs.at(point.x))},${px(ys.at(point.y))}`).join(" ");
  const polyline = `<polyline points="${way}" fill="none" stroke="${colour}" stroke-width="1.5" opacity="0.8"/>`;
  return [polyline, ...(isMarked ? seen.flatMap((point) => dotOf(point, { xs, ys, colour })) : [])];
}

function dotOf({ x, y, min = y, max = y }, { xs, ys, colour }) {
  return [
    `<circle cx="${px(xs.at(x))}" cy="${px(ys.at(y))}" r="${DOT_PX}" fill="${colour}"/>`,
    ...(max > min ? [pathOf(`M${px(xs.at(x))} ${px(ys.at(min))}V${px(ys.at(max))}`, colour)] : []),
  ];
}
