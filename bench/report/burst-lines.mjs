import { costRows, countRow, HEAD, othersLines, row } from "./run-rows.mjs";
import { figure, tableLines } from "./table.mjs";

/** In words, of the first pace, the sustained one, and of the last. */
const SEEN_TARGET = "≥ 99";
const REACHED_TARGET = "≥ 200,000";

/** @param runs of the phase */
export function burstLines(runs) {
  const [{ steps, sent, lookEveryMs }] = runs;
  const plan = steps.map(({ rate, seconds }) => `${figure(rate)}/s for ${seconds} s`).join(", then ");
  return [
    "",
    `Burst: ${plan}: ${figure(sent)} rows of 50,000 users through two workers`,
    ...tableLines(HEAD, [
      ...steps.flatMap((_, index) =>
        stepRows(
          runs.map((run) => run.steps[index]),
          index,
        ),
      ),
      row("seconds from the last append until Redis has all", runs, (run) => run.drainSeconds.redis),
      row("seconds from the last append until the view has all", runs, (run) => run.drainSeconds.view),
      countRow("rows lost on the way to the topic", runs, (run) => run.sent - run.stored, "0"),
      countRow("rows lost on the way to the view", runs, (run) => run.sent - run.inView, "0"),
      countRow("users whose newest Redis lacks", runs, (run) => run.usersLacking, "0"),
      ...costRows(runs),
      ...Object.keys(runs[0].cost.roles).map((role) =>
        row(`MB at most without mapped files, ${role}`, runs, (run) => run.cost.roles[role].anonymousMaxMb),
      ),
    ]),
    `seen: by looks at Redis each ${figure(lookEveryMs)} ms, from the moment for which the row was planned; where the ` +
      "sender did not reach its rate, that moment had passed when the row was sent",
    ...othersLines(runs),
  ];
}

function stepRows(steps, index) {
  const title = `at ${figure(steps[0].rate)}/s`;
  const isLast = index > 0;
  return [
    row(
      `rows/s that the topic got, ${title}`,
      steps,
      (step) => step.reachedRate,
      isLast ? REACHED_TARGET : "",
    ),
    ...["2", "30"].map((seconds) =>
      row(
        `% seen within ${seconds} s, ${title}`,
        steps,
        (step) => step.seenWithin[seconds] * 100,
        !isLast && seconds === "2" ? SEEN_TARGET : "",
      ),
    ),
    ...["p50", "p99", "max"].map((rank) =>
      row(`ms from plan until Redis, ${title}, ${rank}`, steps, (step) => step.delayMs[rank]),
    ),
  ];
}
