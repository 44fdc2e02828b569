import { growthFactorLines } from "./growth-factor-lines.mjs";
import { growthViewLines } from "./growth-view-lines.mjs";
import { countRow, HEAD, othersLines, row } from "./run-rows.mjs";
import { figure, tableLines } from "./table.mjs";

/** @param runs of the phase */
export function growthLines(runs) {
  const [{ oneUser, byUsers, byPartitions }] = runs;
  return [
    ...growthViewLines(runs),
    "",
    `One user of ${figure(oneUser[0].arrivals)} arrivals, over HTTP, one question at a time`,
    ...tableLines(
      HEAD,
      oneUser.flatMap((_, index) => oneUserRows(runs.map((run) => run.oneUser[index]))),
    ),
    ...othersLines(runs.flatMap((run) => run.oneUser)),
    "",
    "Growth of the drain, one worker; and of answers over HTTP after it, one question at a time",
    ...tableLines(HEAD, [
      ...byUsers.flatMap(({ users }, index) =>
        drainRows(
          `${figure(users)} users`,
          runs.map((run) => run.byUsers[index]),
        ),
      ),
      ...byPartitions.flatMap(({ partitions }, index) =>
        drainRows(
          `${partitions} partition${partitions === 1 ? "" : "s"}`,
          runs.map((run) => run.byPartitions[index]),
        ),
      ),
    ]),
    ...othersLines(runs.flatMap((run) => [...run.byUsers, ...run.byPartitions])),
    ...growthFactorLines(runs),
    "",
    "Made anew from the audit",
    ...tableLines(HEAD, rebuildRows(runs.map(({ rebuilds }) => rebuilds))),
    ...othersLines(runs.flatMap(({ rebuilds }) => Object.values(rebuilds))),
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
    ...Object.keys(drains[0].answers).flatMap((kind) =>
      ["p50", "p99"].map((rank) =>
        row(`ms, ${kind}, ${title}, ${rank}`, drains, (drain) => drain.answers[kind][rank]),
      ),
    ),
  ];
}

function rebuildRows(rebuilds) {
  return [
    row("events/s into a view on disk", rebuilds, ({ onDisk }) => onDisk.eventsPerSecond, "≥ 120,000"),
    row("CPU µs/event of the query service, on disk", rebuilds, ({ onDisk }) => onDisk.microsPerEvent),
    row(
      "events/s into a view on disk, latest being asked",
      rebuilds,
      ({ onDiskAsked }) => onDiskAsked.eventsPerSecond,
    ),
    ...["p50", "p99", "max"].map((rank) =>
      row(`ms, latest over HTTP meanwhile, ${rank}`, rebuilds, ({ onDiskAsked }) => onDiskAsked.latest[rank]),
    ),
    row("events/s into a view in memory", rebuilds, ({ inMemory }) => inMemory.eventsPerSecond, "≥ 300,000"),
    row("CPU µs/event of the query service, in memory", rebuilds, ({ inMemory }) => inMemory.microsPerEvent),
    row("users/s into Redis", rebuilds, ({ redis }) => redis.usersPerSecond, "≥ 200,000"),
    row("audit entries/s read for that", rebuilds, ({ redis }) => redis.entriesPerSecond),
    row("CPU µs/entry of the worker", rebuilds, ({ redis }) => redis.microsPerEntry),
    countRow("users whose newest Redis lacks afterwards", rebuilds, ({ redis }) => redis.usersLacking, "0"),
  ];
}
