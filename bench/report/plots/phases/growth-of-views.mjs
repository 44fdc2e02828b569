// What an arrival and an answer cost in a view, against its size. Up is linear and across by the logarithm: what grows
// with the logarithm of the size is a straight line, what does not grow is a flat one.

import { pointOf } from "../bar-of-runs.mjs";
import { curvesPanel } from "../curves-panel.mjs";

const KINDS = ["latest", "at", "knownAt", "both", "history", "explain"];
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
  const { title, across, sizeOf } = SIZES[grows];
  const curve = curveThrough(runs, (view) => view.grows === grows, sizeOf);
  const panel = (what, unit, curves) =>
    curvesPanel({
      title: `${what}, ${title}`,
      x: { title: across, isOfSizes: true },
      y: { title: unit },
      curves,
    });
  return [
    panel("An arrival in the view", "CPU µs per arrival", [
      curve("all", (view) => view.microsPerArrival),
      curve("the last", (view) => view.microsOfOneMore),
    ]),
    panel(
      "An answer of the view",
      "ms, p50",
      KINDS.map((kind) => curve(kind, (view) => view.answers[kind].p50)),
    ),
    panel(
      "An answer of the view",
      "ms, p99",
      KINDS.map((kind) => curve(kind, (view) => view.answers[kind].p99)),
    ),
  ];
}

/** What the view takes of the disk, and the process that folds into it of the memory. */
export function placePanels(runs) {
  const curve = curveThrough(runs, ({ grows }) => grows === "users", SIZES.users.sizeOf);
  const panel = (title, unit, curves) =>
    curvesPanel({ title, x: { title: SIZES.users.across, isOfSizes: true }, y: { title: unit }, curves });
  return [
    panel("The view on disk, by users", "bytes per arrival", [
      curve("view", (view) => view.diskBytes / view.arrivals),
    ]),
    panel("Memory of the process that folds, by users", "MB resident", [
      curve("view", (view) => view.residentMb),
    ]),
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

function curveThrough(runs, isOf, sizeOf) {
  return (name, valueOf) => ({
    name,
    isMarked: true,
    points: runs[0].views.flatMap((view, index) =>
      isOf(view) ? [pointOf(sizeOf(view), runs, (run) => valueOf(run.views[index]))] : [],
    ),
  });
}
