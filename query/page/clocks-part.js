import { colour } from "./colours.js";
import { make, mark } from "./elements.js";
import { count, counted, seconds } from "./formats.js";
import { axis, Plot, timeLabels } from "./plot-base.js";
import { lateness, latenessOf, time } from "./user-parts.js";

/** The last is drawn last, over the others. */
const VERDICTS = [
  { name: "stale", shape: "ring" },
  { name: "duplicate", shape: "ring" },
  { name: "applied", shape: "dot" },
];
/** Rows of the table, the last received first. */
const ROWS_MAX = 200;

/**
 * The arrivals on both clocks: across, when each was received; up, when it happened. On the line it was told at once,
 * and the further below, the later.
 *
 * @returns {{ element: HTMLElement, draw(): () => void }} to be drawn once the element is on the page; what it gives
 *   then is to be called when it leaves
 */
export function clocksPart({ items, isWhole }) {
  const box = make("div", {
    class: "plot",
    role: "img",
    "aria-label": "Arrivals on both clocks; the table below tells them",
  });
  const legend = VERDICTS.map(({ name, shape }) => {
    const number = items.filter(({ verdict }) => verdict === name).length;
    return make("li", {}, mark(name, shape), `${name} `, make("b", { text: count(number) }));
  });
  const element = make(
    "div",
    {},
    make("p", { class: "small" }, summaryOf(items, isWhole)),
    make(
      "ul",
      { class: "legend" },
      ...legend,
      make("li", {}, mark("line", "dash"), "received as it happened"),
    ),
    box,
    make("p", {
      class: "quiet small",
      text: "Across: received. Up: happened. Below the line: late. In UTC.",
    }),
    arrivalTable(items),
  );
  const draw = () => {
    const plot = new Plot(box, plotOptions);
    plot.show(columnsOf(items));
    return () => plot.destroy();
  };
  return { element, draw };
}

function summaryOf(items, isWhole) {
  const late = items.map(latenessOf).toSorted((a, b) => a - b);
  const middle = late[Math.floor(late.length / 2)];
  const cut = isWhole ? "" : ` These are the first ${count(items.length)}; there are more.`;
  const those = counted(items.length, "arrival");
  return `${those}: half within ${seconds(Math.max(0, middle))} of happening, the latest after ${seconds(Math.max(0, late.at(-1)))}.${cut}`;
}

/** uPlot's columns: received, happened by verdict, and the line on which both are equal. */
function columnsOf(items) {
  const points = items
    .map(({ sts, time_stamp: happened, verdict }) => ({
      x: Date.parse(sts) / 1000,
      y: Date.parse(happened) / 1000,
      verdict,
    }))
    .toSorted((a, b) => a.x - b.x);
  return [
    points.map(({ x }) => x),
    points.map(({ x }) => x),
    ...VERDICTS.map(({ name }) => points.map(({ y, verdict }) => (verdict === name ? y : null))),
  ];
}

function plotOptions() {
  const points = ({ name, shape }) => ({
    paths: () => null,
    points: {
      show: true,
      size: shape === "dot" ? 5 : 6,
      width: 1.5,
      stroke: colour(name),
      fill: shape === "dot" ? colour(name) : colour("panel"),
    },
  });
  return {
    scales: { y: { time: true } },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    axes: [axis({ values: timeLabels }), axis({ size: 78, values: timeLabels })],
    series: [
      {},
      { stroke: colour("duplicate"), width: 1, dash: [4, 4], points: { show: false } },
      ...VERDICTS.map(points),
    ],
  };
}

function arrivalTable(items) {
  const shown = items.slice(-ROWS_MAX).toReversed();
  const heads = ["Received", "Happened", "Late", "Verdict"].map((text) => make("th", { scope: "col", text }));
  const rows = shown.map((arrival) =>
    make(
      "tr",
      {},
      make("td", { text: time(arrival.sts) }),
      make("td", { text: time(arrival.time_stamp) }),
      make("td", { text: lateness(arrival) }),
      make("td", {
        text: `${arrival.verdict}${arrival.clamped ? ", clamped" : ""}${arrival.repeated ? ", repeated" : ""}`,
      }),
    ),
  );
  const title =
    shown.length < items.length
      ? `The last ${shown.length} of ${count(items.length)} as a table`
      : "As a table";
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
  const region = make(
    "div",
    { class: "scroll", role: "region", "aria-label": "Arrivals", tabindex: "0" },
    table,
  );
  return make("details", {}, make("summary", { text: title }), region);
}
