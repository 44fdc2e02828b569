import { HEAD, othersLines, row } from "./run-rows.mjs";
import { figure, tableLines } from "./table.mjs";

/** @param runs of the phase: each has a drain for each number of workers */
export function scalingLines(runs) {
  const [{ drains }] = runs;
  return [
    "",
    `Scaling: about ${figure(drains[0].rows)} rows of ${figure(drains[0].users)} users, all in the topic before`,
    ...tableLines(
      HEAD,
      drains.flatMap(({ workers }, index) => rowsOf(workers, drainsAt(runs, index))),
    ),
    "CPU µs/event of the workers is of all of them together; all share the cores with the servers",
    ...othersLines(runs.flatMap((run) => run.drains)),
  ];
}

function drainsAt(runs, index) {
  return runs.map((run) => run.drains[index]);
}

function rowsOf(workers, drains) {
  const title = `${workers} worker${workers === 1 ? "" : "s"}`;
  const kinds = ["worker", "redis", "broker"];
  const roleOf = (drain, kind) => Object.entries(drain.cost.roles).find(([role]) => role.startsWith(kind))[1];
  return [
    row(`rows/s, ${title}`, drains, (drain) => drain.rowsPerSecond),
    ...kinds.map((kind) =>
      row(`CPU µs/event of ${kind}, ${title}`, drains, (drain) => roleOf(drain, kind).microsPerEvent),
    ),
    row(`records per batch, ${title}`, drains, (drain) => drain.recordsPerBatch),
    row(`resident MB of a worker, ${title}`, drains, (drain) => roleOf(drain, "worker").residentMaxMb),
  ];
}
