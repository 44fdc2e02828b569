import { HEAD, othersLines, row } from "./run-rows.mjs";
import { minMedianMax } from "./spread.mjs";
import { figure, tableLines } from "./table.mjs";

const KINDS = ["latest", "at", "knownAt", "both", "history", "explain"];
/** Words of a target, for an answer on both clocks in the view. */
const BOTH_TARGET = "both clocks ≤ 1 ms";

/** @param runs of the phase */
export function growthLines(runs) {
  const [{ views, oneUser, byUsers, byPartitions }] = runs;
  return [
    "",
    `Growth of the view, by itself: CPU µs for an arrival, ms of answers (${BOTH_TARGET}); medians`,
    ...tableLines(
      [
        "view",
        "µs, all",
        "µs, last",
        ...KINDS.flatMap((kind) => [`${kind} p50`, "p99"]),
        "B on disk",
        "RSS MB",
      ],
      views.map((size, index) =>
        viewRow(
          size,
          runs.map((run) => run.views[index]),
        ),
      ),
    ),
    "",
    `One user of ${figure(oneUser[0].arrivals)} arrivals, over HTTP, one question at a time`,
    ...tableLines(
      HEAD,
      oneUser.flatMap((_, index) => oneUserRows(runs.map((run) => run.oneUser[index]))),
    ),
    "",
    "Growth of the drain, one worker",
    ...tableLines(HEAD, [
      ...byUsers.flatMap(({ users }, index) =>
        drainRows(
          `${figure(users)} users`,
          runs.map((run) => run.byUsers[index]),
        ),
      ),
      ...byPartitions.flatMap(({ partitions }, index) =>
        drainRows(
          `${partitions} partitions`,
          runs.map((run) => run.byPartitions[index]),
        ),
      ),
    ]),
    "",
    "Made anew from the audit",
    ...tableLines(HEAD, rebuildRows(runs.map(({ rebuilds }) => rebuilds))),
    ...othersLines(runs.flatMap((run) => [...run.byUsers, ...run.byPartitions])),
  ];
}

function viewRow({ store, users, arrivals, lateness }, views) {
  const median = (valueOf, digits) => {
    const { median: value } = minMedianMax(views.map(valueOf));
    return digits === undefined ? figure(value) : value.toFixed(digits);
  };
  return [
    `${store}: ${figure(users)} users × ${arrivals / users}, late: ${lateness}`,
    median((view) => view.microsPerArrival),
    median((view) => view.microsOfOneMore),
    ...KINDS.flatMap((kind) => ["p50", "p99"].map((rank) => median((view) => view.answers[kind][rank], 2))),
    median((view) => view.diskBytes / arrivals),
    median((view) => view.residentMb),
  ];
}

function oneUserRows(all) {
  const [{ lateness, answers }] = all;
  return Object.keys(answers).flatMap((kind) =>
    ["p50", "p99"].map((rank) =>
      row(
        `ms, ${kind}, late: ${lateness}, ${rank}`,
        all,
        (one) => one.answers[kind][rank],
        kind === "both" ? "≤ 1" : "",
      ),
    ),
  );
}

function drainRows(title, drains) {
  const microsOf = (drain, kind) =>
    Object.entries(drain.cost.roles).find(([role]) => role.startsWith(kind))[1].microsPerEvent;
  return [
    row(`rows/s, ${title}`, drains, (drain) => drain.rowsPerSecond),
    ...["worker", "redis", "broker"].map((kind) =>
      row(`CPU µs/event of ${kind}, ${title}`, drains, (drain) => microsOf(drain, kind)),
    ),
  ];
}

function rebuildRows(rebuilds) {
  return [
    row("events/s into a view on disk", rebuilds, ({ onDisk }) => onDisk.eventsPerSecond, "≥ 120,000"),
    row("CPU µs/event of the query service", rebuilds, ({ onDisk }) => onDisk.microsPerEvent),
    row("events/s into a view in memory", rebuilds, ({ inMemory }) => inMemory.eventsPerSecond, "≥ 300,000"),
    row("CPU µs/event of the query service", rebuilds, ({ inMemory }) => inMemory.microsPerEvent),
    row("users/s into Redis", rebuilds, ({ redis }) => redis.usersPerSecond, "≥ 200,000"),
    row("audit entries/s read for that", rebuilds, ({ redis }) => redis.entriesPerSecond),
    row("CPU µs/entry of the worker", rebuilds, ({ redis }) => redis.microsPerEntry),
    row("users whose newest Redis lacks afterwards", rebuilds, ({ redis }) => redis.usersLacking, "0"),
  ];
}
