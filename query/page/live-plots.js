import { colour } from "./colours.js";
import { make, mark, setText } from "./elements.js";
import { counted, rate, seconds } from "./formats.js";
import { axis, Plot, timeLabels } from "./plot-base.js";

/** What the three plots show: columns of the history, each with its line and how its value is written. */
const PLOTS = [
  {
    title: "Records per second",
    about: "Appended by producers, and committed by workers, over the last 5 s each.",
    axis: (value) => rate(value),
    lines: [
      { column: "inPerSecond", label: "in", colour: "in", print: (value) => `${rate(value)} /s` },
      {
        column: "outPerSecond",
        label: "out",
        colour: "out",
        dash: [6, 4],
        print: (value) => `${rate(value)} /s`,
      },
    ],
  },
  {
    title: "Freshness: append to in view",
    about: "Arrivals of the last 10 s: half, 95 and 99 of 100 were in the view within this time.",
    axis: (value) => seconds(value),
    budget: true,
    lines: [
      { column: "p50Seconds", label: "p50", colour: "p50", print: seconds },
      { column: "p95Seconds", label: "p95", colour: "p95", dash: [6, 4], print: seconds },
      { column: "p99Seconds", label: "p99", colour: "p99", print: seconds },
    ],
  },
  {
    title: "Lag of the workers",
    about: "Records that are not committed, and how long the oldest of them has waited.",
    axis: (value) => rate(value),
    lines: [
      { column: "lagRecords", label: "records", colour: "in", print: (value) => counted(value, "record") },
      {
        column: "lagSeconds",
        label: "oldest waits",
        colour: "lag",
        dash: [6, 4],
        scale: "s",
        print: seconds,
      },
    ],
  },
];

/** The figures of the last quarter of an hour. What a line shows now, or under the pointer, stands beside it. */
export class LivePlots {
  #shown;

  /** @param {HTMLElement} box */
  constructor(box) {
    this.#shown = PLOTS.map((plot, index) => new LivePlot(box, plot, index));
  }

  show(columns, budgetSeconds) {
    for (const plot of this.#shown) plot.show(columns, budgetSeconds);
  }
}

class LivePlot {
  #definition;
  #plot;
  #values;
  #columns;
  #pointed = null;
  #budgetSeconds = 0;

  constructor(box, definition, index) {
    this.#definition = definition;
    const title = make("h3", { id: `plot-${index}`, text: definition.title });
    const about = make("p", { class: "quiet small", text: definition.about });
    const legend = make("ul", { class: "legend" });
    this.#values = definition.lines.map((line) => {
      const value = make("b");
      legend.append(make("li", {}, mark(line.colour, line.dash ? "dash" : "line"), `${line.label} `, value));
      return value;
    });
    const canvas = make("div", { class: "plot", role: "img", "aria-labelledby": title.id });
    box.append(make("figure", { class: "panel" }, make("figcaption", {}, title, about, legend), canvas));
    this.#plot = new Plot(canvas, () => this.#options());
  }

  show(columns, budgetSeconds) {
    this.#columns = columns;
    this.#budgetSeconds = budgetSeconds;
    const lines = this.#definition.lines.map(({ column }) => columns[column]);
    const budget = this.#definition.budget ? [columns.at.map(() => budgetSeconds)] : [];
    this.#plot.show([columns.at, ...lines, ...budget]);
    this.#tellValues();
  }

  #tellValues() {
    const index = this.#pointed ?? this.#columns.at.length - 1;
    this.#definition.lines.forEach(({ column, print }, line) => {
      setText(this.#values[line], print(this.#columns[column][index] ?? null));
    });
  }

  #options() {
    const { lines, budget, axis: print } = this.#definition;
    const isSecond = lines.some(({ scale }) => scale !== undefined);
    const fromZero = {
      range: (_plot, _min, max) => [0, Math.max(budget ? this.#budgetSeconds * 1.1 : 1, max * 1.1)],
    };
    return {
      scales: { y: fromZero, s: fromZero },
      cursor: { y: false, drag: { x: false, y: false } },
      hooks: {
        setCursor: [
          ({ cursor }) => {
            this.#pointed = cursor.idx ?? null;
            if (this.#columns !== undefined) this.#tellValues();
          },
        ],
      },
      axes: [
        axis({ space: 76, values: timeLabels }),
        axis({ size: 52, values: (_plot, splits) => splits.map(print) }),
        ...(isSecond
          ? [
              axis({
                scale: "s",
                side: 1,
                size: 52,
                grid: { show: false },
                values: (_plot, splits) => splits.map(seconds),
              }),
            ]
          : []),
      ],
      series: [
        {},
        ...lines.map((line) => ({
          scale: line.scale ?? "y",
          stroke: colour(line.colour),
          width: 2,
          dash: line.dash,
          points: { show: false },
        })),
        ...(budget ? [{ stroke: colour("bad"), width: 1, dash: [2, 4], points: { show: false } }] : []),
      ],
    };
  }
}
