export { backwardCommits, judgeCommits, judgeForwardCommits } from "./judge-commits.js";
export { judgeFreshness } from "./judge-freshness.js";
export { judgeLogBeforeState } from "./judge-log-before-state.js";
export { judgeStepsBack, stepsBack, type StepBack, type StepsBackBounds } from "./judge-steps-back.js";
export type { Healing, SeenAnswer, SeenProgress, SeenState } from "./observations.js";
export { SettledTimes } from "./settled-times.js";
