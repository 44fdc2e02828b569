import { countRow, HEAD, othersLines, row } from "./run-rows.mjs";
import { figure, tableLines } from "./table.mjs";

const TITLES = { latest: "latest", asOf: "as of a moment", history: "20 of a history" };
const RATE_TARGETS = { latest: "≥ 10,000" };
/** Of ms, at 10,000 answers a second. */
const WAIT_TARGETS = { latest: { p50: "≤ 1", p99: "≤ 5" }, asOf: { p50: "≤ 2", p99: "≤ 10" } };
const TO_LATEST_TARGET = "≤ 2";

/** @param runs of the phase */
export function answersLines(runs, { seconds, ask }) {
  const isOffered = ask !== undefined;
  const how = isOffered
    ? `${figure(ask)} questions/s at even moments`
    : "each asking on when it has its answer";
  const failed = runs.flatMap(({ answers }) => Object.values(answers).map((answer) => answer.failed));
  return [
    "",
    `Answers: 50 connections, ${how}, ${seconds} s for each kind, while rows come`,
    ...tableLines(HEAD, [
      row("rows/s meanwhile, planned", runs, ({ load }) => load.rate),
      row("rows/s that the filling before reached", runs, ({ load }) => load.filledPerSecond),
      row("rows/s meanwhile, sent", runs, ({ load }) => load.sentPerSecond),
      row("rows/s meanwhile, folded into the view", runs, ({ load }) => load.foldedPerSecond),
      ...Object.keys(TITLES).flatMap((kind) => rowsOf(kind, runs, isOffered)),
      row(
        "as of a moment to latest, p50, ×",
        runs,
        ({ answers }) => answers.asOf.waits.p50 / answers.latest.waits.p50,
        TO_LATEST_TARGET,
      ),
      row("records per batch of a worker", runs, (run) => run.recordsPerBatch),
      ...coresRows(runs),
    ]),
    ...(isOffered
      ? [
          "ms are from the moment for which a question was planned, however late a connection was free to ask it; what " +
            "had no answer at the end counts with what it had waited by then",
        ]
      : []),
    `other than 200 and 404: ${JSON.stringify(failed)}`,
    ...othersLines(runs),
  ];
}

/** Of everything that went on: questions, rows and folding. */
function coresRows(runs) {
  const roles = Object.keys(runs[0].cost.roles);
  const cores = (microsPerSecond) => microsPerSecond / 1e6;
  return [
    ...roles.map((role) =>
      row(`cores busy, ${role}`, runs, ({ cost }) => cores(cost.roles[role].microsPerEvent)),
    ),
    row("cores busy, all", runs, ({ cost }) => cores(cost.totalMicrosPerEvent)),
    ...roles.map((role) =>
      row(`resident MB at most, ${role}`, runs, ({ cost }) => cost.roles[role].residentMaxMb),
    ),
  ];
}

function rowsOf(kind, runs, isOffered) {
  const title = TITLES[kind];
  const rowOf = (what, valueOf, target) => row(what, runs, ({ answers }) => valueOf(answers[kind]), target);
  return [
    rowOf(`answers/s, ${title}`, ({ perSecond }) => perSecond, RATE_TARGETS[kind]),
    ...["p50", "p99", "max"].map((rank) =>
      rowOf(`ms, ${title}, ${rank}`, ({ waits }) => waits[rank], WAIT_TARGETS[kind]?.[rank]),
    ),
    rowOf(`s that the view is behind afterwards, ${title}`, ({ viewLagSeconds }) => viewLagSeconds),
    ...(isOffered
      ? [
          ...["p50", "p99"].map((rank) =>
            rowOf(`ms of that until it was asked, ${title}, ${rank}`, ({ asked }) => asked[rank]),
          ),
          countRow(`without an answer, ${title}`, runs, ({ answers }) => answers[kind].unanswered),
        ]
      : []),
  ];
}
