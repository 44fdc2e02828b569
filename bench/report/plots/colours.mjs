const [GREEN, BLUE, ORANGE, RED, PURPLE, GREY] = [
  "#3a7d44",
  "#2360a5",
  "#d98324",
  "#b3261e",
  "#7a5ca8",
  "#8a8a8a",
];
/** What is the same thing has the same colour in all panels. */
const COLOURS = {
  worker: GREEN,
  "its own": GREEN,
  "query service": BLUE,
  "view over HTTP": BLUE,
  view: BLUE,
  latest: ORANGE,
  "latest over HTTP": ORANGE,
  Redis: RED,
  broker: PURPLE,
  replay: GREY,
  planned: GREY,
  uncompressed: GREY,
  p50: "#9cc3e0",
  p95: "#4f8fc0",
  p99: "#1f4e79",
};
const OTHERS = ["#1f8a8a", "#c2578a", "#8c7a3b", "#5757b8", "#8b4a2b", "#5f9e4a"];

/** @param {readonly string[]} names in the order of their legend @returns {Map<string, string>} */
export function coloursOf(names) {
  const unknown = names.filter((name) => COLOURS[name] === undefined);
  return new Map(names.map((name) => [name, COLOURS[name] ?? OTHERS[unknown.indexOf(name) % OTHERS.length]]));
}
