import type { Arrival } from "./event/arrival.js";
import { judgeAnswers, type AnswersJudgement, type JudgeAnswersOptions } from "./judges/judge-answers.js";
import { judgeAudit } from "./judges/judge-audit.js";
import { judgeDeadLetters } from "./judges/judge-dead-letters.js";
import { judgeEvents, type JudgeEventsOptions } from "./judges/judge-events.js";
import { judgeStates } from "./judges/judge-states.js";
import type { Judgement } from "./judges/judgement.js";
import { readEvents, schemaIdsOf } from "./judges/read-events.js";
import { USUAL_FUTURE_SKEW, type FutureSkew } from "./meaning/order.js";
import { foldAll } from "./recompute.js";
import { readRedisFleet } from "./servers/redis-fleet.js";
import { readSchemaTexts } from "./servers/schema-texts.js";
import { readEnds, readTopic } from "./servers/read-topic.js";

export interface JudgeFleetOptions {
  readonly fleet: string;
  /** `host:port`, separated by commas. */
  readonly brokers: string;
  readonly redisNodes: string;
  /** As LASTKNOWN_REGISTRY_URL has it. */
  readonly registryUrl: string;
  /** What the events topic has to hold, as recomputed from the file; not judged if absent. */
  readonly expected?: readonly Arrival[];
  readonly judgeEvents?: JudgeEventsOptions;
  /** Whether the audit may hold redelivered entries twice; not once compaction has run for real. */
  readonly doublesAllowed: boolean;
  /** What the audit topic takes, where that is less than the events topic does; else all of them fit. */
  readonly auditRecordBytesMax?: number;
  readonly maxFutureSkew?: FutureSkew;
  /** How to ask the query service; not judged if absent. */
  readonly answers?: JudgeAnswersOptions;
}

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
  const { fleet, brokers, doublesAllowed } = options;
  const eventsTopic = `${fleet}.events`;
  const topics = [eventsTopic, `${fleet}.audit`, `${fleet}.dlq`] as const;
  const ends = await readEnds(brokers, topics);
  const events = await readTopic({ brokers, topic: topics[0] }, ends[0]);
  const audit = await readTopic({ brokers, topic: topics[1] }, ends[1]);
  const letters = await readTopic({ brokers, topic: topics[2] }, ends[2]);
  const schemas = await readSchemaTexts(options.registryUrl, schemaIdsOf(events));
  const partitions = ends[0]?.size ?? 0;
  const read = readEvents(events, schemas, partitions, options.auditRecordBytesMax);
  const timelines = foldAll(read.arrivals, options.maxFutureSkew ?? USUAL_FUTURE_SKEW);
  const redis = await readRedisFleet(options.redisNodes, fleet);
  return {
    ...(options.expected && { events: judgeEvents(options.expected, read, options.judgeEvents) }),
    audit: judgeAudit({ events, read, audit, schemas, doublesAllowed }),
    deadLetters: judgeDeadLetters(events, read, letters),
    states: judgeStates(timelines, redis, { fleet, eventsTopic }),
    ...(options.answers && { answers: await judgeAnswers(timelines, options.answers) }),
  };
}
