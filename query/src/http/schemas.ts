import { VERDICTS } from "@lastknown/shared";
import { Type, type Static } from "typebox";
import { DATA_SOURCES } from "../answers/answer.js";
import { REASON_CODES } from "../answers/why-lost.js";
import { LOSERS_LIMIT, PAGE_LIMIT, type LimitBounds } from "./parameters.js";

/** The shapes of questions and answers, as /openapi.json shows them. Values are parsed by parameters.ts. */

const Time = Type.String({
  description: "ISO 8601 in UTC with six fraction digits",
  examples: ["2024-03-10T12:00:00.678861Z"],
});
const Enum = <Word extends string>(words: readonly Word[]) =>
  Type.Unsafe<Word>({ type: "string", enum: [...words] });

export const Meta = Type.Object({
  source: Enum(DATA_SOURCES),
  lagSeconds: Type.Union([Type.Number(), Type.Null()], {
    description:
      "how long the oldest record of the user's partition that the answering store lacks has waited; 0 if it lacks none, null if that cannot be known",
  }),
  consistency: Type.Literal("eventual"),
});
export type MetaBody = Static<typeof Meta>;

const stateProperties = {
  user: Type.String(),
  time_stamp: Time,
  sts: Time,
  attributes: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  event_id: Type.String({ pattern: "^[0-9a-f]{32}$" }),
  order_time: Time,
  source: Type.Object({ topic: Type.String(), partition: Type.Integer(), offset: Type.Integer() }),
};
const judgementProperties = {
  verdict: Enum(VERDICTS),
  clamped: Type.Boolean({ description: "the device's clock ran ahead: order_time differs from time_stamp" }),
  repeated: Type.Boolean({ description: "this event_id was received before" }),
};

export const StateOnly = Type.Object(stateProperties);
export type StateBody = Static<typeof StateOnly>;
export const State = Type.Object({ ...stateProperties, meta: Meta });

export const JudgedState = Type.Object({ ...stateProperties, ...judgementProperties });
export type JudgedStateBody = Static<typeof JudgedState>;

const cursor = Type.Union([Type.String(), Type.Null()], {
  description:
    "give it back for the next page; null on the last one. A page may be short and still have one.",
});
export const HistoryPage = Type.Object({ items: Type.Array(JudgedState), cursor, meta: Meta });
export const UsersPage = Type.Object({
  items: Type.Array(Type.Object({ user: Type.String() })),
  cursor,
  meta: Meta,
});

const Reason = Type.Object({ code: Enum(REASON_CODES), text: Type.String() });
export const Explanation = Type.Object({
  user: Type.String(),
  winner: JudgedState,
  lost: Type.Array(Type.Object({ ...stateProperties, ...judgementProperties, reasons: Type.Array(Reason) })),
  lost_complete: Type.Boolean({
    description:
      "whether every arrival but the winner is in lost; if not, ask for more with limit, or for all with history",
  }),
  arrivals: Type.Object({
    total: Type.Integer(),
    considered: Type.Integer({ description: "those that the moment lets in" }),
    after_at: Type.Integer(),
    received_after_known_at: Type.Integer(),
    complete: Type.Boolean({ description: "false if the user has more arrivals than were counted" }),
  }),
  meta: Meta,
});
export type ExplanationBody = Static<typeof Explanation>;

export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    field: Type.Optional(Type.String({ description: "the parameter that is wrong" })),
  },
  { description: "RFC 9457" },
);

export const UserPath = Type.Object({
  user: Type.String({
    description:
      "the user's id (in the path percent-encoded); - with id=… for . and .., which a path cannot carry",
  }),
});

const id = Type.Optional(Type.String({ description: "the user's id where the path says -" }));
const at = Type.Optional(
  Type.String({ description: "what was true then, by all that is known: ISO 8601 with a zone" }),
);
const knownAt = Type.Optional(
  Type.String({ description: "what our side had received by then: ISO 8601 with a zone" }),
);
const limitOf = (what: string, { ifAbsent, max }: LimitBounds) =>
  Type.Optional(
    Type.Unsafe<string>({
      type: "integer",
      minimum: 1,
      maximum: max,
      default: ifAbsent,
      description: `${what} at most: 1 to ${max}; ${ifAbsent} unless given`,
    }),
  );
const limit = limitOf("items", PAGE_LIMIT);
const pageCursor = Type.Optional(Type.String({ description: "the cursor of the page before" }));

/** A parameter that is none of these is refused: a misspelt knownAt must not answer another question. */
const strict = { additionalProperties: false };
export const NoQuery = Type.Object({}, strict);
export const MomentQuery = Type.Object({ id, at, knownAt }, strict);
export const ExplainQuery = Type.Object(
  {
    id,
    at,
    knownAt,
    limit: limitOf(
      "losers of each kind (next by order, left out by the moment, last received)",
      LOSERS_LIMIT,
    ),
  },
  strict,
);
export const HistoryQuery = Type.Object(
  {
    id,
    from: Type.Optional(Type.String({ description: "from ≤ time_stamp: ISO 8601 with a zone" })),
    to: Type.Optional(Type.String({ description: "time_stamp < to: ISO 8601 with a zone" })),
    verdict: Type.Optional(
      Type.Unsafe<string>({
        type: "string",
        enum: [...VERDICTS],
        description: "only arrivals with this one",
      }),
    ),
    limit,
    cursor: pageCursor,
  },
  strict,
);
export const UsersQuery = Type.Object({ limit, cursor: pageCursor }, strict);
