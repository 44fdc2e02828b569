import uPlot from "./uplot.js";
import { colour, onSchemeChange } from "./colours.js";

const FONT = "12px system-ui, sans-serif";

/** The product tells times in UTC, and so do its plots. */
export const utcDate = (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC");

const DAY_SECONDS = 86_400;
const iso = (seconds) => new Date(seconds * 1000).toISOString();

/** Times beside an axis: as fine as its steps, and the date where a day begins, or where there is no other. */
export function timeLabels(_plot, splits, _axis, _space, step) {
  let day;
  return splits.map((split, index) => {
    const [date, clock] = iso(split).split("T");
    if (step >= DAY_SECONDS) return date;
    const time = clock.slice(0, step < 60 ? 8 : 5);
    const isSame = date === day;
    day = date;
    // The first leaves the place to the next where a day begins there.
    const isCrowded = index === 0 && iso(splits[1] ?? split).slice(0, 10) !== date;
    return isSame || isCrowded ? time : `${time}\n${date}`;
  });
}

export function axis(options) {
  return {
    stroke: colour("quiet"),
    font: FONT,
    grid: { stroke: colour("faint"), width: 1 },
    ticks: { stroke: colour("line"), width: 1, size: 4 },
    ...options,
  };
}

/**
 * A plot that is as wide as its box, and drawn anew with other colours when the page turns dark or light. What it
 * shows stands as text beside it, so readers of the screen are told no more than its label. The page holds it until
 * it is destroyed.
 *
 * @param {HTMLElement} box
 * @param {() => object} optionsNow uPlot's options but for the size, with the colours of now
 */
export class Plot {
  #box;
  #optionsNow;
  #columns = [];
  #plot;
  #leaveScheme;
  #resizing;

  constructor(box, optionsNow) {
    this.#box = box;
    this.#optionsNow = optionsNow;
    this.#leaveScheme = onSchemeChange(() => this.#rebuild());
    this.#resizing = new ResizeObserver(() => this.#plot?.setSize(this.#size));
    this.#resizing.observe(box);
  }

  show(columns) {
    this.#columns = columns;
    if (this.#plot === undefined) this.#rebuild();
    else this.#plot.setData(columns);
  }

  destroy() {
    this.#leaveScheme();
    this.#resizing.disconnect();
    this.#plot?.destroy();
  }

  #rebuild() {
    this.#plot?.destroy();
    const fixed = { legend: { show: false }, tzDate: utcDate, ...this.#size };
    this.#plot = new uPlot({ ...fixed, ...this.#optionsNow() }, this.#columns, this.#box);
  }

  get #size() {
    return { width: Math.max(1, this.#box.clientWidth), height: Math.max(1, this.#box.clientHeight) };
  }
}
