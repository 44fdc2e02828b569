import { make } from "./elements.js";
import { count, counted, seconds } from "./formats.js";

/** "2024-03-10 14:35:26.159531": in UTC, all digits, as two rows may differ in the last. */
export const time = (iso) => iso.replace("T", " ").replace("Z", "");

/** How long after it happened it was received; below zero where the device's clock ran ahead. */
export const latenessOf = ({ time_stamp: happened, sts }) => (Date.parse(sts) - Date.parse(happened)) / 1000;

export function lateness(state) {
  const late = latenessOf(state);
  if (late < 0) return `${seconds(-late)} before, by its clock`;
  return `${seconds(late)} later`;
}

/** The latest state, and where it comes from. */
export function latestPart({ time_stamp: happened, sts, attributes, meta }) {
  const lag =
    meta.lagSeconds === null
      ? "how far behind cannot be known"
      : meta.lagSeconds === 0
        ? "lacks nothing"
        : `${seconds(meta.lagSeconds)} behind`;
  const facts = [
    ["happened", time(happened)],
    ["received", `${time(sts)}, ${lateness({ time_stamp: happened, sts })}`],
    ["from", `${meta.source === "redis" ? "Redis" : "the view"}, ${lag}`],
    ...Object.entries(attributes).map(([name, value]) => [name, String(value)]),
  ];
  return make("dl", { class: "facts" }, ...facts.map(([name, value]) => fact(name, value)));
}

function fact(name, value) {
  return make("div", {}, make("dt", { text: name }), make("dd", { text: value }));
}

/** Which arrival won, and why the others did not. */
export function explanationPart({ winner, lost, lost_complete: isComplete, arrivals }) {
  const place = make("b", { text: `offset ${winner.source.offset}` });
  const times = `happened at ${time(winner.time_stamp)} and was received at ${time(winner.sts)}`;
  const clock = winner.clamped ? ` Its clock ran ahead, so it counts as of ${time(winner.order_time)}.` : "";
  const others = isComplete ? "" : `, of ${count(arrivals.total - 1)} those that were nearest or came last`;
  return make(
    "div",
    {},
    make(
      "p",
      {},
      `Of ${counted(arrivals.total, "arrival")} the one at `,
      place,
      ` won: it ${times}.${clock}`,
    ),
    make("p", { text: lost.length === 0 ? "There is no other." : `What lost to it${others}:` }),
    make("ul", { class: "lost" }, ...lost.map(loser)),
  );
}

function loser({ source, verdict, reasons }) {
  return make(
    "li",
    {},
    make("b", { text: `offset ${source.offset}` }),
    ` (${verdict}): ${reasons.map(({ text }) => text).join("; ")}`,
  );
}
