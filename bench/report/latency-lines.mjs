import { costRows, HEAD, othersLines, row } from "./run-rows.mjs";
import { figure, percent, tableLines } from "./table.mjs";

/** Rate → of ms until it is seen, wherever and from whenever it is counted. */
const LATENCY_TARGETS = { 5000: { p50: "≤ 3", p99: "≤ 15" }, 20000: { p50: "≤ 8", p99: "≤ 40" } };
/** Rate → µs of the workers. */
const LATENCY_COST_TARGETS = { 5000: { worker: "≤ 25" } };

const RANKS = ["p50", "p95", "p99", "max"];
const PLACES = [
  ["Redis", "redis"],
  ["latest over HTTP", "latestOverHttp"],
  ["view over HTTP", "viewOverHttp"],
];

/** @param runs of the phase: each has figures of each rate */
export function latencyLines(runs, options) {
  return runs[0].rates.flatMap((_, index) =>
    linesOfRate(
      runs.map(({ rates }) => rates[index]),
      options,
    ),
  );
}

function linesOfRate(runs, { seconds, settle }) {
  const [{ rate, lookEveryMs, asked, redis, redisAtFirst, latestOverHttp }] = runs;
  const from = (begin, title) =>
    PLACES.flatMap(([place, name]) =>
      RANKS.map((rank) => {
        const words = `ms from ${title} until ${place}, ${rank}`;
        return row(words, runs, (run) => run[name][begin][rank], LATENCY_TARGETS[rate]?.[rank]);
      }),
    );
  const drifts = ["p50", "p99", "max"].map((rank) =>
    row(`ms from plan to acknowledged, ${rank}`, runs, (run) => run.drift?.[rank] ?? NaN),
  );
  return [
    "",
    `Latency: ${figure(rate)} rows/s for ${seconds} s, after ${settle} s`,
    ...tableLines(HEAD, [
      row("rows/s sent", runs, (run) => run.rows / run.publishSeconds),
      ...from("fromPlan", "plan"),
      ...from("fromAppend", "append"),
      ...drifts,
      ...costRows(runs, LATENCY_COST_TARGETS[rate]),
    ]),
    "from plan: from the moment for which each row was planned, however late it was sent, so that nothing is omitted " +
      "where sender and servers slow down together: publish → visible, which the targets mean. From append: from the " +
      "broker's clock at the append, whole ms: what the fleet alone adds. Redis: asked itself; latest over HTTP: an " +
      "answer from Redis; view over HTTP: an answer from the view",
    `seen: by the first look that shows the record, at most one look too long: Redis each ` +
      `${figure(lookEveryMs.redis)} ms (longest ${figure(lookEveryMs.redisLongest)} ms) for ` +
      `${figure(redis.fromPlan.count)} records; HTTP within ${percent(lookEveryMs.httpShare)}, for ` +
      `${figure(latestOverHttp.fromPlan.count)} of one partition`,
    `in the first ${settle} s of the first run, processes just started: ms from append until Redis, p50 ` +
      `${figure(redisAtFirst.fromAppend.p50)}, p99 ${figure(redisAtFirst.fromAppend.p99)}, max ` +
      `${figure(redisAtFirst.fromAppend.max)}`,
    `first run: ${asked.superseded} of ${asked.count} asked for over HTTP were overtaken by a newer one; ${asked.unseen} were ` +
      `not seen in 30 s and count as that; ${asked.skipped} were skipped as too many waited, which were slow moments`,
    ...othersLines(runs),
  ];
}
