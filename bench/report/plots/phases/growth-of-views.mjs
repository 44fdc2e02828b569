// What an arrival and an answer cost in a view, against its size. Up is linear and across by the logarithm: what grows
// with the logarithm of the size is a straight line, what does not grow is a flat one.

import { pointOf } from "../bar-of-runs.mjs";
import { curvesPanel } from "../curves-panel.mjs";

/** What looks at all that a state won against is dearer by far, and has panels of its own. */
const DEAR_KIND = "explain";
const KINDS = ["latest", "at", "knownAt", "both", "history"];
const SIZES = {
  users: { title: "by users", across: "users", sizeOf: ({ users }) => users },
  arrivals: {
    title: "by arrivals of each user",
    across: "arrivals of each user",
    sizeOf: ({ users, arrivals }) => arrivals / users,
  },
};

/** @param {"users" | "arrivals"} grows */
export function viewPanels(runs, grows) {
  const curve = curveOf(runs, grows);
  const answers = (rank) =>
    panelOf(
      "An answer of the view",
      `ms, ${rank}`,
      grows,
      KINDS.map((kind) => curve(kind, (view) => view.answers[kind][rank])),
    );
  return [
    panelOf("An arrival in the view", "CPU µs per arrival", grows, [
      curve("all", (view) => view.microsPerArrival),
      curve("the last", (view) => view.microsOfOneMore),
    ]),
    answers("p50"),
    answers("p99"),
  ];
}

export function explainPanels(runs) {
  return ["users", "arrivals"].map((grows) =>
    panelOf(
      "What explain takes",
      "ms",
      grows,
      ["p50", "p99"].map((rank) => curveOf(runs, grows)(rank, (view) => view.answers[DEAR_KIND][rank])),
    ),
  );
}

/** What the view takes of the disk, and the process that folds into it of the memory. */
export function placePanels(runs) {
  const curve = curveOf(runs, "users");
  const onDisk = curve("view", (view) => view.diskBytes / view.arrivals);
  const inMemory = curve("view", (view) => view.residentMb);
  return [
    panelOf("The view on disk", "bytes per arrival", "users", [onDisk]),
    panelOf("Memory of the process that folds", "MB resident", "users", [inMemory]),
  ];
}

/** Of one user who has all arrivals of a view: by how late they are, and where the view is. */
export function oneUserPanels(runs) {
  const ways = new Map(
    runs[0].views
      .filter(({ grows }) => grows === "one user")
      .map(({ store, lateness }) => [
        `${lateness}${store === "memory" ? ", in memory" : ""}`,
        { store, lateness },
      ]),
  );
  const panel = (what, unit, valueOf) =>
    curvesPanel({
      title: `${what}, one user`,
      x: { title: "arrivals of the user", isOfSizes: true },
      y: { title: `${unit}, by how late the arrivals are` },
      curves: [...ways].map(([name, way]) => {
        const isOf = (view) =>
          view.grows === "one user" && view.store === way.store && view.lateness === way.lateness;
        return curveThrough(runs, isOf, ({ arrivals }) => arrivals)(name, valueOf);
      }),
    });
  return [
    panel("The last arrivals", "CPU µs per arrival", (view) => view.microsOfOneMore),
    panel("An answer on both clocks", "ms, p99", (view) => view.answers.both.p99),
  ];
}

function panelOf(what, unit, grows, curves) {
  const { title, across } = SIZES[grows];
  return curvesPanel({
    title: `${what}, ${title}`,
    x: { title: across, isOfSizes: true },
    y: { title: unit },
    curves,
  });
}

function curveOf(runs, grows) {
  return curveThrough(runs, (view) => view.grows === grows, SIZES[grows].sizeOf);
}

function curveThrough(runs, isOf, sizeOf) {
  return (name, valueOf) => ({
    name,
    isMarked: true,
    points: runs[0].views.flatMap((view, index) =>
      isOf(view) ? [pointOf(sizeOf(view), runs, (run) => valueOf(run.views[index]))] : [],
    ),
  });
}
