import { printTime } from "@lastknown/shared";
import type { Provenance } from "../answers/answer.js";
import type { Explanation } from "../answers/explain.js";
import type { JudgedState } from "../answers/history.js";
import type { UserState } from "../answers/user-state.js";
import type { ExplanationBody, JudgedStateBody, MetaBody, StateBody } from "./schemas.js";

export function metaBody({ source, lag }: Provenance): MetaBody {
  return { source, lagSeconds: lag === "unknown" ? null : lag, consistency: "eventual" };
}

export function stateBody(state: UserState): StateBody {
  return {
    user: state.user,
    time_stamp: printTime(state.timeStamp),
    sts: printTime(state.sts),
    attributes: state.attributes,
    event_id: state.eventId,
    order_time: printTime(state.orderTime),
    source: state.source,
  };
}

export function judgedStateBody(state: JudgedState): JudgedStateBody {
  const { verdict, clamped, repeated } = state;
  return { ...stateBody(state), verdict, clamped, repeated };
}

export function explanationBody({
  user,
  winner,
  lost,
  lostComplete,
  arrivals,
}: Explanation): Omit<ExplanationBody, "meta"> {
  return {
    user,
    winner: judgedStateBody(winner),
    lost: lost.map(({ state, reasons }) => ({ ...judgedStateBody(state), reasons: [...reasons] })),
    lost_complete: lostComplete,
    arrivals: {
      total: arrivals.total,
      considered: arrivals.considered,
      after_at: arrivals.afterAt,
      received_after_known_at: arrivals.receivedAfterKnownAt,
      complete: arrivals.complete,
    },
  };
}
