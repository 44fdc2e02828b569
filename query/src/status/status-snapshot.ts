import { Type, type Static, type TSchema } from "typebox";

const known = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Union([schema, Type.Null()], { description: `${description}; null while that cannot be known` });

const PartitionStatusSchema = Type.Object({
  partition: Type.Integer({ minimum: 0 }),
  end: known(Type.Integer(), "where the events topic's partition ends"),
  committed: known(Type.Integer(), "what the workers have committed of it, or where it begins"),
  lagRecords: known(Type.Integer(), "records that they have not committed"),
  lagSeconds: known(Type.Number(), "how long the oldest of these has waited"),
  owner: known(Type.String(), "memberId of the worker that has it"),
  reason: Type.Union([Type.Object({ kind: Type.String(), text: Type.String() }), Type.Null()], {
    description: "why its records wait; null where none do, or nobody can tell",
  }),
});

const MemberSchema = Type.Object({
  memberId: Type.String({
    description: "as the group's coordinator names it; another one each time it joins",
  }),
  clientId: Type.String(),
  host: Type.String({ description: "its address as the coordinator sees it" }),
  partitions: Type.Array(Type.Integer(), { description: "those of the events topic that it was given" }),
});

const DelaysSchema = Type.Object({
  count: Type.Integer({ description: "arrivals over the time" }),
  p50Seconds: Type.Union([Type.Number(), Type.Null()]),
  p95Seconds: Type.Union([Type.Number(), Type.Null()]),
  p99Seconds: Type.Union([Type.Number(), Type.Null()]),
  maxSeconds: Type.Union([Type.Number(), Type.Null()]),
});

export const BUDGET_STATES = ["kept", "broken", "unknown"] as const;

/** How the fleet stands, as the query service sees it by itself. Nothing in it names a user. */
export const StatusSchema = Type.Object({
  fleet: Type.String(),
  at: Type.String({ description: "when this was put together, by the query service's clock" }),
  budget: Type.Object({
    seconds: Type.Number({ description: "how fresh the fleet has to be" }),
    state: Type.Enum([...BUDGET_STATES]),
    reasons: Type.Array(Type.String(), { description: "what breaks it, or why that cannot be told" }),
  }),
  rates: Type.Object({
    inPerSecond: known(Type.Number(), "records appended to the events topic, over the last 5 s"),
    outPerSecond: known(Type.Number(), "records committed by the workers, over the last 5 s"),
    viewPerSecond: known(Type.Number(), "arrivals folded into the view, over the last 5 s"),
  }),
  lag: Type.Object({
    records: known(Type.Integer(), "records of all partitions that the workers have not committed"),
    seconds: known(Type.Number(), "how long the oldest of them has waited"),
    lookedSecondsAgo: known(
      Type.Number(),
      "how long ago Kafka was looked at: what came or was done since counts in no lag",
    ),
    partitions: Type.Array(PartitionStatusSchema),
  }),
  members: known(Type.Array(MemberSchema), "the workers that are in the group"),
  freshness: Type.Object({
    lastMinute: DelaysSchema,
    lastTenSeconds: DelaysSchema,
  }),
  view: Type.Object({
    state: Type.String({ description: "opening, connecting, catching-up, running, unwritable, stopped" }),
    hasCaughtUp: Type.Boolean(),
    lagRecords: known(Type.Integer(), "audit records not yet in the view"),
    lagSeconds: known(Type.Number(), "how long the oldest record that the view lacks has waited"),
    verdicts: Type.Object({
      applied: Type.Integer(),
      duplicate: Type.Integer(),
      stale: Type.Integer(),
    }),
    doubles: Type.Integer({ description: "entries that the view had already, as after a redelivery" }),
    unreadable: Type.Integer({ description: "audit records that were left out" }),
  }),
  deadLetters: Type.Object({
    kept: known(Type.Integer(), "records that are in the dead-letter topic"),
    inLastMinute: known(Type.Integer(), "records that were appended to it"),
  }),
  servers: Type.Object(
    { kafka: Type.Boolean(), redis: Type.Boolean() },
    { description: "who answers; Kafka also while a look takes some seconds" },
  ),
});

export type StatusSnapshot = Static<typeof StatusSchema>;
export type PartitionStatus = Static<typeof PartitionStatusSchema>;
export type MemberStatus = Static<typeof MemberSchema>;
export type BudgetStatus = StatusSnapshot["budget"];
