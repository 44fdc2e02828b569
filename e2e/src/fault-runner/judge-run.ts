import {
  backwardCommits,
  complaintsAbout,
  judgeEvidence,
  readCommits,
  readFleet,
  stepsBack,
  type Judgement,
  type SeenAnswer,
} from "../oracle/index.js";
import { requiredEnvironment } from "../harness/test-fleet.js";
import type { FaultRun } from "./fault-run.js";
import { seconds } from "./faults/seconds.js";
import { judgeBadRecords } from "./judge-bad-records.js";
import { complaintsAboutEach, judgeMoments } from "./judge-moments.js";
import { HEALED_WITHIN_MS } from "./recovery.js";
import type { Struck } from "./run-scenario.js";
import { complaintsAboutFailing, complaintsAboutSilence, failingTimes } from "./silence.js";

const QUESTIONS = 1_000;
const HIGH_PERCENTILE = 0.99;

/** By what was judged: each store, each kind of answer, and each thing that has to hold at every moment. */
export type Judged = Readonly<Record<string, Pick<Judgement, "checked" | "right">>>;

/** What was found once the faults were over and everything had caught up. */
export interface RunJudgement {
  /** A line for each thing that is wrong; none where all is right. */
  readonly complaints: readonly string[];
  readonly judged: Judged;
  readonly figures: Readonly<Record<string, number>>;
}

/** Stops the load, waits until all is done, and holds everything that was seen against what has to be. */
export async function judgeRun(run: FaultRun, struck: readonly Struck[]): Promise<RunJudgement> {
  const expected = await run.load.stop();
  await run.badRecords.stop();
  await run.fleet.caughtUp(run.query);
  await Promise.all([run.answers.stop(), run.states.stop()]);
  const brokers = requiredEnvironment("LASTKNOWN_KAFKA_BROKERS");
  const evidence = await readFleet({
    fleet: run.fleet.name,
    brokers,
    redisNodes: requiredEnvironment("LASTKNOWN_REDIS_NODES"),
    registryUrl: requiredEnvironment("LASTKNOWN_REGISTRY_URL"),
  });
  const commits = await readCommits({ brokers, group: run.group, topic: run.eventsTopic });
  const { states, progress } = run.states;
  const { healings } = run.workers.log;
  const moments = judgeMoments(
    { states, progress, answers: run.answers.seen, healings, commits, evidence },
    { healedWithinMs: (atMs) => lastBefore(atMs, struck)?.healedWithinMs ?? HEALED_WITHIN_MS },
  );
  const further = { badRecords: judgeBadRecords(run.badRecords.sent, evidence), ...moments };
  const steps = stepsBack(states);
  const failing = failingTimes(run.answers.seen);
  const answers = { baseUrl: run.query.baseUrl, questions: QUESTIONS };
  const { answers: said, ...stores } = await judgeEvidence(evidence, {
    expected,
    judgeEvents: { resumed: run.scenario.losesAcknowledgements ?? false, poisoned: true },
    doublesAllowed: true,
    answers,
  });
  return {
    complaints: [
      ...complaintsAboutSilence(struck, run.answers.seen),
      ...complaintsAboutFailing(struck, failing),
      ...complaintsAbout({ ...stores, ...(said && { answers: said }) }),
      ...complaintsAboutEach(further),
    ],
    judged: countsOf({ ...stores, ...said, ...further }),
    figures: {
      rows: expected.length,
      auditDoubles: evidence.audit.length - new Set(evidence.audit.map(keyOf)).size,
      deadLetters: evidence.letters.length,
      answers: run.answers.seen.length,
      ...answersByStatus(run.answers.seen),
      answersFailedMaxSeconds: longestSeconds(failing),
      answersP99Ms: Math.round(percentile(run.answers.seen.map(({ tookMs }) => tookMs))),
      answersWithLag0: run.answers.seen.filter(({ lagSeconds }) => lagSeconds === 0).length,
      lagMaxSeconds: Math.max(...run.answers.seen.map(({ lagSeconds = 0 }) => lagSeconds)),
      statesSeen: states.length,
      stepsBack: steps.length,
      stepBackMaxSeconds: longestSeconds(steps),
      bucketsHealed: healings.length,
      healingMaxSeconds: longestSeconds(healings),
      commits: commits.length,
      commitsBack: backwardCommits(commits).length,
    },
  };
}

function countsOf(judgements: Readonly<Record<string, Judgement>>): Judged {
  return Object.fromEntries(
    Object.entries(judgements).map(([name, { checked, right }]) => [name, { checked, right }]),
  );
}

/** `answers503FromView: 12`: how many there were of each status but 200. */
function answersByStatus(answers: readonly SeenAnswer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, store } of answers) {
    if (status === 200) continue;
    const name = `answers${status}From${store === "" ? "Nobody" : store}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** The fault that was made last before a moment. */
function lastBefore(atMs: number, struck: readonly Struck[]): Struck | undefined {
  return struck.findLast(({ fromMs }) => fromMs <= atMs);
}

/** Of those that were seen to end. */
function longestSeconds(spans: readonly { readonly fromMs: number; readonly toMs: number }[]): number {
  const lasted = spans.map(({ fromMs, toMs }) => toMs - fromMs).filter((ms) => Number.isFinite(ms));
  return seconds(Math.max(0, ...lasted));
}

function keyOf({ partition, key }: { partition: number; key: Buffer | null }): string {
  return `${partition} ${key?.toString("hex")}`;
}

function percentile(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * HIGH_PERCENTILE)] ?? 0;
}
