export { recompute, recomputeBytes, foldAll, type Recomputed, type RecomputeOptions } from "./recompute.js";
export { type FutureSkew, USUAL_FUTURE_SKEW } from "./meaning/order.js";
export {
  answer,
  type JudgedArrival,
  type Question,
  type Timeline,
  type Verdict,
} from "./meaning/timeline.js";
export { type Moment, printMoment, type TimeUnit } from "./file/moment.js";
export { type Arrival, type Source } from "./event/arrival.js";
export { bucketOf, partitionOf } from "./event/partition.js";
export { type AnswersJudgement, judgeAnswers, type JudgeAnswersOptions } from "./judges/judge-answers.js";
export { type AuditEvidence, judgeAudit } from "./judges/judge-audit.js";
export { judgeDeadLetters } from "./judges/judge-dead-letters.js";
export { judgeEvents } from "./judges/judge-events.js";
export { judgeStates } from "./judges/judge-states.js";
export { type Judgement, type Mismatch, printJudgement, Tally } from "./judges/judgement.js";
export { randomQuestions } from "./judges/questions.js";
export { type EventsRead, readEvents, schemaIdsOf, type UnreadableRecord } from "./judges/read-events.js";
export { complaintsAbout } from "./complaints.js";
export { type JudgeFleetOptions, type FleetJudgement, judgeFleet } from "./judge-fleet.js";
export type { OracleLogin } from "./servers/oracle-login.js";
export { readRedisFleet, type RedisFleet } from "./servers/redis-fleet.js";
export { readSchemaTexts, type SchemaTexts } from "./servers/schema-texts.js";
export { readTopic, readTopicEnds, type TopicAddress } from "./servers/read-topic.js";
export type { TopicRecord } from "./servers/topic-record.js";
export { judgeEvidence, type WhatToJudge } from "./judge-fleet.js";
export { type FleetEvidence, type FleetPlace, readFleet } from "./read-fleet.js";
export { type Commit, readCommits } from "./servers/read-commits.js";
export * from "./moments/index.js";
