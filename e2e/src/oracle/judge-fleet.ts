import type { Arrival } from "./event/arrival.js";
import { judgeAnswers, type AnswersJudgement, type JudgeAnswersOptions } from "./judges/judge-answers.js";
import { judgeAudit } from "./judges/judge-audit.js";
import { judgeDeadLetters } from "./judges/judge-dead-letters.js";
import { judgeEvents, type JudgeEventsOptions } from "./judges/judge-events.js";
import { judgeStates } from "./judges/judge-states.js";
import type { Judgement } from "./judges/judgement.js";
import { readFleet, type FleetEvidence, type FleetPlace } from "./read-fleet.js";

export interface WhatToJudge {
  /** What the events topic has to hold, as recomputed from the file; not judged if absent. */
  readonly expected?: readonly Arrival[];
  readonly judgeEvents?: JudgeEventsOptions;
  /** Whether the audit may hold redelivered entries twice; not once compaction has run for real. */
  readonly doublesAllowed: boolean;
  /** How to ask the query service; not judged if absent. */
  readonly answers?: JudgeAnswersOptions;
}

export type JudgeFleetOptions = FleetPlace & WhatToJudge;

/** One judgement per store; those that were not asked for are absent. */
export interface FleetJudgement {
  readonly events?: Judgement;
  readonly audit: Judgement;
  readonly deadLetters: Judgement;
  readonly states: Judgement;
  readonly answers?: AnswersJudgement;
}

/**
 * Judges a fleet that has caught up, end to end: the events topic against the file, then audit, dead letters,
 * Redis and answers against the events topic. Everything is read by tools that are none of the product's.
 */
export async function judgeFleet(options: JudgeFleetOptions): Promise<FleetJudgement> {
  return await judgeEvidence(await readFleet(options), options);
}

/** The same of what was read before. */
export async function judgeEvidence(evidence: FleetEvidence, options: WhatToJudge): Promise<FleetJudgement> {
  const { fleet, eventsTopic, events, audit, letters, schemas, read, timelines, redis } = evidence;
  const { doublesAllowed } = options;
  return {
    ...(options.expected && { events: judgeEvents(options.expected, read, options.judgeEvents) }),
    audit: judgeAudit({ events, read, audit, schemas, doublesAllowed }),
    deadLetters: judgeDeadLetters(events, read, letters),
    states: judgeStates(timelines, redis, { fleet, eventsTopic }),
    ...(options.answers && { answers: await judgeAnswers(timelines, options.answers) }),
  };
}
