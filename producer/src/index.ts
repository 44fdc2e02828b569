export { REJECTION_REASONS, type Rejection, type RejectionReason } from "./csv/rejection.js";
export { runReplay } from "./replay/replay.js";
export type { ReplayDependencies, ReplayProgress, ReplayTarget } from "./replay/replay-dependencies.js";
export { parseReplayFlags, REPLAY_FLAGS, type ReplayFlags } from "./replay/replay-flags.js";
export type { ReplayOptions } from "./replay/replay-options.js";
export type { ReplaySummary } from "./report/replay-summary.js";
export { type Clock, systemClock } from "./schedule/clock.js";
export type { Drift } from "./schedule/drift-histogram.js";
export * from "./sample/index.js";
