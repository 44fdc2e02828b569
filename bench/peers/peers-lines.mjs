import { minMedianMax } from "../report/spread.mjs";
import { HEAD, row } from "../report/run-rows.mjs";
import { figure, percent, tableLines } from "../report/table.mjs";

/** The process of a peer, or of ours. */
const OWN = /^(peer|worker)/;
/** The figures of one peer's drain: its title, in the table's head and below, and how to take it of a result. */
const COLUMNS = [
  ["events/s", "events/s", (result) => result.rowsPerSecond],
  ["2nd half", "events/s, 2nd half", (result) => result.secondHalf.rowsPerSecond],
  ["own µs/event", "own µs/event", (result) => microsOf(result.cost, OWN)],
  ["2nd half", "own µs/event, 2nd half", (result) => microsOf(result.secondHalf.cost, OWN)],
  ["Redis µs/event", "Redis µs/event", (result) => microsOf(result.cost, /^redis/)],
  ["broker µs/event", "broker µs/event", (result) => microsOf(result.cost, /^broker/)],
  ["resident MB", "resident MB", (result) => roleOf(result.cost, OWN).residentMaxMb],
];
/** CPU time of an event in all that works for it. */
const TOTAL = ({ cost }) => [OWN, /^redis/, /^broker/].reduce((sum, role) => sum + microsOf(cost, role), 0);
/** Figures that are told as so many times ours. */
const RATIOS = [
  ["events/s to ours", ({ rowsPerSecond }) => rowsPerSecond],
  ["all µs to ours", TOTAL],
];

/** @param runs of the phase: each has the results of all peers by their names */
export function peersLines(runs) {
  const names = Object.keys(runs[0].peers);
  const measured = new Map(
    names.map((name) => [name, runs.map(({ peers }) => peers[name]).filter((result) => !result.failure)]),
  );
  const ours = measured.get("lastknown") ?? [];
  return [
    "",
    `Peers: ${figure(runs[0].rows)} events of ${figure(runs[0].users)} users, one topic, drained by each in turn${runs.length === 1 ? "" : "; medians, min / median / max below"}`,
    ...tableLines(
      ["", ...COLUMNS.map(([title]) => title), ...RATIOS.map(([title]) => title), "events done"],
      names.map((name) =>
        measured.get(name).length === 0 ? emptyRow(runs[0].peers[name]) : peerRow(measured.get(name), ours),
      ),
    ),
    "µs are of CPU time; all is from the first event that is done to the last; then the state of each user and the number of audit records are compared",
    ...(names.some((name) => isShare(measured.get(name)[0]))
      ? ["* of the first events of the topic alone"]
      : []),
    ...names.flatMap((name) => [
      `${name}: ${runs[0].peers[name].does}`,
      ...runs.flatMap(({ peers }) => (peers[name].failure ? [`  ${peers[name].failure}`] : [])),
    ]),
    ...names.flatMap((name) => othersLine(name, measured.get(name))),
    ...(runs.length === 1 ? [] : ["", ...spreadLines(runs, names)]),
  ];
}

/** Each figure of the table as the least, the median and the greatest. A ratio is of what ran in one run. */
function spreadLines(runs, names) {
  const ofPeer = (name) => runs.flatMap(({ peers }) => (peers[name].failure ? [] : [peers[name]]));
  const besideOurs = (name) =>
    runs.flatMap(({ peers }) =>
      peers[name].failure || peers.lastknown === undefined ? [] : [[peers[name], peers.lastknown]],
    );
  const rowsOf = (title, resultsOf, valueOf) =>
    names.flatMap((name) => {
      const results = resultsOf(name);
      return results.length === 0 ? [] : [spreadRow(`${title}, ${name}`, results, valueOf)];
    });
  return tableLines(HEAD.slice(0, -1), [
    ...COLUMNS.flatMap(([, title, valueOf]) => rowsOf(title, ofPeer, valueOf)),
    ...RATIOS.flatMap(([title, valueOf]) =>
      rowsOf(title, besideOurs, ([result, ours]) => valueOf(result) / valueOf(ours)),
    ),
  ]);
}

function spreadRow(title, results, valueOf) {
  return row(title, results, valueOf).slice(0, -1);
}

function peerRow(results, ours) {
  return [
    results[0].title,
    ...COLUMNS.map(([, , valueOf]) => figure(median(results, valueOf))),
    ...RATIOS.map(([, valueOf]) => ratio(results, ours, valueOf)),
    `${figure(results[0].rows)}${isShare(results[0]) ? " *" : ""}`,
  ];
}

/** Whether it drained so much less than the topic that it was not its beginning that is not counted. */
export function isShare(result) {
  return result !== undefined && result.rows < result.of / 2;
}

/** One that is missing must not look as if nobody had wanted it. */
function emptyRow({ title, failure }) {
  const [what] = failure.split(":");
  return [`${title}: ${what}`, ...[...COLUMNS, ...RATIOS].map(() => "-"), "-"];
}

function ratio(results, ours, valueOf) {
  return ours.length === 0 ? "-" : `${figure(median(results, valueOf) / median(ours, valueOf))} ×`;
}

/** What else went on takes from each differently: whoever was disturbed must be seen to be. */
function othersLine(name, results) {
  if (results.length === 0) return [];
  const others = minMedianMax(results.map(({ cost }) => cost.othersShare));
  const stolen = minMedianMax(results.map(({ cost }) => cost.stolenShare));
  return [
    `${name}: meanwhile other programs took up to ${percent(others.max)} of the machine, its host up to ` +
      percent(stolen.max),
  ];
}

function median(results, valueOf) {
  return minMedianMax(results.map(valueOf)).median;
}

function microsOf(cost, role) {
  return roleOf(cost, role).microsPerEvent;
}

function roleOf({ roles }, pattern) {
  const name = Object.keys(roles).find((role) => pattern.test(role));
  return roles[name];
}
