// A small SVG of what the table says: how rows became visible, and how long they took.

const WIDTH = 460;
const HEIGHT = 280;
const MARGIN = { left: 62, right: 16, top: 34, bottom: 40 };
const COLOURS = { redis: "#b3261e", latest: "#d98324", view: "#2360a5" };

/** @returns {string | undefined} undefined where no phase has a plot */
export function plotOf({ phases }) {
  const panels = [
    ...(phases["all-in"] === undefined ? [] : [allInPanel(phases["all-in"])]),
    ...(phases.latency === undefined ? [] : latencyPanels(phases.latency)),
    ...(phases.burst === undefined ? [] : burstPanels(phases.burst)),
  ];
  if (panels.length === 0) return undefined;
  const size = `width="${WIDTH * panels.length}" height="${HEIGHT}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    ...panels.map((panel, index) => `<g transform="translate(${index * WIDTH} 0)">${drawn(panel)}</g>`),
    "</svg>\n",
  ].join("\n");
}

function allInPanel(runs) {
  return {
    title: "Rows visible, by seconds after the first publish",
    lines: linesOf(runs, ["redis", "view"]),
    printX: (x) => `${x} s`,
    printY: (y) => `${Math.round(y / 1000)}k`,
  };
}

function latencyPanels(runs) {
  return runs[0].rates.map(({ rate }, index) =>
    latencyPanel(
      rate,
      runs.map(({ rates }) => rates[index]),
    ),
  );
}

function latencyPanel(rate, runs) {
  const title = `At ${rate}/s: plan to visible, ms, by percent of records`;
  return percentPanel(title, linesOf(runs, ["redis", "latest", "view"]));
}

function burstPanels(runs) {
  return runs[0].steps.map(({ rate }, index) => {
    const curves = runs.map(({ steps }) => ({ curves: { redis: steps[index].curve } }));
    return percentPanel(
      `Burst at ${rate}/s: plan to Redis, ms, by percent of records`,
      linesOf(curves, ["redis"]),
    );
  });
}

/** The slowest percent would press the rest flat, so time is drawn by its logarithm. */
function percentPanel(title, allLines) {
  const lines = allLines.map(({ points, ...line }) => ({
    ...line,
    points: points.map(([share, ms]) => [share * 100, Math.log10(Math.max(1, ms ?? 1))]),
  }));
  return {
    title,
    lines,
    printX: (x) => `${x} %`,
    printY: (y) => (Number.isInteger(y) ? String(10 ** y) : ""),
  };
}

function linesOf(runs, names) {
  return names.flatMap((name) =>
    runs.map(({ curves }, run) => ({
      name: run === 0 ? name : "",
      colour: COLOURS[name],
      points: curves[name],
    })),
  );
}

function drawn({ title, lines, printX, printY }) {
  const all = lines.flatMap(({ points }) => points);
  const xTicks = ticks(Math.max(...all.map(([x]) => x)));
  const yTicks = ticks(Math.max(...all.map(([, y]) => y)));
  const xOf = (x) => round(MARGIN.left + (x / xTicks.at(-1)) * (WIDTH - MARGIN.left - MARGIN.right));
  const yOf = (y) =>
    round(HEIGHT - MARGIN.bottom - (y / yTicks.at(-1)) * (HEIGHT - MARGIN.top - MARGIN.bottom));
  const named = lines.filter(({ name }) => name !== "");
  return [
    `<text x="${MARGIN.left}" y="16" font-weight="bold">${title}</text>`,
    ...xTicks.map((x) => `<text x="${xOf(x)}" y="${HEIGHT - 22}" text-anchor="middle">${printX(x)}</text>`),
    ...yTicks.map(
      (y) =>
        `<path d="M${MARGIN.left} ${yOf(y)}H${WIDTH - MARGIN.right}" stroke="#ddd"/>` +
        `<text x="${MARGIN.left - 6}" y="${yOf(y) + 4}" text-anchor="end">${printY(y)}</text>`,
    ),
    ...lines.map(({ colour, points }) => {
      const path = points.map(([x, y]) => `${xOf(x)},${yOf(y)}`).join(" ");
      return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5" opacity="0.8"/>`;
    }),
    ...named.map(
      ({ name, colour }, index) =>
        `<text x="${MARGIN.left + 8 + index * 60}" y="${HEIGHT - 6}" fill="${colour}">${name}</text>`,
    ),
  ].join("\n");
}

/** From 0 past the greatest value, in steps of 1, 2 or 5 times a power of ten. */
function ticks(greatest) {
  const rough = Math.max(greatest, 1e-9) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const count = Math.ceil(greatest / step);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

function round(value) {
  return Math.round(value * 10) / 10;
}
