import {
  judgeCommits,
  judgeForwardCommits,
  judgeFreshness,
  judgeLogBeforeState,
  judgeStepsBack,
  printJudgement,
  SettledTimes,
  type Commit,
  type FleetEvidence,
  type Healing,
  type Judgement,
  type SeenAnswer,
  type SeenProgress,
  type SeenState,
  type StepsBackBounds,
} from "../oracle/index.js";

/** What readers saw of a fleet at every moment, and what it says and holds of these moments itself. */
export interface SeenMoments {
  readonly states: readonly SeenState[];
  readonly progress: readonly SeenProgress[];
  readonly answers: readonly SeenAnswer[];
  readonly healings: readonly Healing[];
  readonly commits: readonly Commit[];
  /** The audit and the dead letters have to be stamped by their brokers. */
  readonly evidence: FleetEvidence;
}

/** One judgement of each thing that has to hold at every moment. */
export interface MomentsJudgement {
  readonly logBeforeState: Judgement;
  readonly commits: Judgement;
  readonly forwardCommits: Judgement;
  readonly stepsBack: Judgement;
  readonly freshness: Judgement;
}

/** Holds each moment that was seen against what had to be by then. */
export function judgeMoments(seen: SeenMoments, bounds: StepsBackBounds): MomentsJudgement {
  const settled = new SettledTimes(seen.evidence);
  return {
    logBeforeState: judgeLogBeforeState(seen, settled),
    commits: judgeCommits(seen.commits, settled),
    forwardCommits: judgeForwardCommits(seen.commits),
    stepsBack: judgeStepsBack(seen, bounds),
    freshness: judgeFreshness(seen.answers, seen.evidence),
  };
}

/** A line for each that is not all right, or of which nothing was seen though there has to be something. */
export function complaintsAboutMoments(moments: MomentsJudgement): string[] {
  return complaintsAboutEach({ ...moments });
}

/** The same of any judgements, by their names. */
export function complaintsAboutEach(judgements: Readonly<Record<string, Judgement>>): string[] {
  return Object.entries(judgements)
    .filter(([, { checked, right }]) => checked === 0 || right < checked)
    .map(([name, judgement]) => `${name}: ${printJudgement(judgement)}`);
}
