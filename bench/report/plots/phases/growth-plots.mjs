import { barOf, namedBarOf } from "../bar-of-runs.mjs";
import { barsPanel } from "../bars-panel.mjs";
import { explainPanels, oneUserPanels, placePanels, viewPanels } from "./growth-of-views.mjs";
import { drainPanels } from "./growth-of-drains.mjs";
import { LATENESS_WORDS } from "../../growth-view-lines.mjs";
import { figure } from "../../table.mjs";

export function growthPlots({ growth: runs }) {
  const [onDisk, inMemory] = placePanels(runs);
  return {
    title: "Growth: what an event and an answer cost as things grow",
    notes: [
      "sizes are drawn by their logarithm, costs are not: what grows with the logarithm of a size is a straight line",
      LATENESS_WORDS,
    ],
    panels: [
      ...viewPanels(runs, "users"),
      ...viewPanels(runs, "arrivals"),
      ...explainPanels(runs),
      onDisk,
      ...oneUserPanels(runs),
      overHttpPanel(runs),
      ...drainPanels(runs, "byUsers", "users"),
      inMemory,
      ...drainPanels(runs, "byPartitions", "partitions"),
      ...rebuildPanels(runs),
    ],
    measured: runs.flatMap(measuredIn),
  };
}

/** All that has a cost. */
function measuredIn({ views, oneUser, byUsers, byPartitions, rebuilds }) {
  return [...views, ...oneUser, ...byUsers, ...byPartitions, ...Object.values(rebuilds)];
}

function overHttpPanel(runs) {
  const [{ oneUser }] = runs;
  return barsPanel({
    title: `Answers over HTTP about a user of ${figure(oneUser[0].arrivals)} arrivals`,
    unit: "ms, by kind of question and by how late the arrivals are",
    bars: oneUser.flatMap(({ lateness, answers }, index) =>
      Object.keys(answers).flatMap((kind) =>
        ["p50", "p99"].map((rank) =>
          namedBarOf(`${kind}, ${lateness}`, rank, runs, (run) => run.oneUser[index].answers[kind][rank]),
        ),
      ),
    ),
  });
}

function rebuildPanels(runs) {
  const bar = (label, valueOf) => barOf(label, runs, ({ rebuilds }) => valueOf(rebuilds));
  return [
    barsPanel({
      title: "Made anew from the audit",
      unit: "events, entries or users per second",
      bars: [
        bar("view on disk, events", ({ onDisk }) => onDisk.eventsPerSecond),
        bar("view in memory, events", ({ inMemory }) => inMemory.eventsPerSecond),
        bar("Redis, audit entries", ({ redis }) => redis.entriesPerSecond),
        bar("Redis, users", ({ redis }) => redis.usersPerSecond),
      ],
    }),
    barsPanel({
      title: "CPU time of who makes it anew",
      unit: "µs per event of the audit, the start included",
      bars: [
        bar("view on disk", ({ onDisk }) => onDisk.microsPerEvent),
        bar("view in memory", ({ inMemory }) => inMemory.microsPerEvent),
        bar("Redis", ({ redis }) => redis.microsPerEntry),
      ],
    }),
  ];
}
