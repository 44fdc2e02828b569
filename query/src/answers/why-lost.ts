import { compareAttributes, compareOrder, isClamped, printTime, type Attributes } from "@lastknown/shared";
import type { OrderPosition } from "../view/arrival.js";
import type { Moment } from "./newest-arrival.js";
import { isAfter, isReceivedBy } from "./newest-arrival.js";

export const REASON_CODES = [
  "after_at",
  "received_after_known_at",
  "same_observation",
  "older",
  "clamped_clock",
  "tie_broken_by_sts",
  "tie_broken_by_time_stamp",
  "tie_broken_by_event_id",
  "tie_broken_by_attributes",
  "arrived_late",
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

/** Why an arrival is not the state, for programs and for people. */
export interface Reason {
  readonly code: ReasonCode;
  readonly text: string;
}

/** An arrival with all that decides whether it is the newest. */
export interface Contender extends OrderPosition {
  readonly attributes: Attributes;
}

/** Every reason that holds, the deciding one first. */
export function whyLost(loser: Contender, winner: Contender, moment: Moment): Reason[] {
  const left = whyLeftOut(loser, moment);
  const reasons = left.length > 0 ? left : [decidingReason(loser, winner)];
  if (isClamped(loser.order)) reasons.push(clampedClock(loser));
  if (left.length === 0 && loser.offset > winner.offset) {
    reasons.push({
      code: "arrived_late",
      text: "it arrived after the winner; what counts is when it happened",
    });
  }
  return reasons;
}

function whyLeftOut(loser: OrderPosition, moment: Moment): Reason[] {
  const reasons: Reason[] = [];
  if (moment.at !== undefined && isAfter(loser, moment)) {
    const [mine, at] = [printTime(loser.order.orderTime), printTime(moment.at)];
    reasons.push({ code: "after_at", text: `its order_time ${mine} is after at=${at}` });
  }
  if (moment.knownAt !== undefined && !isReceivedBy(loser, moment)) {
    const [mine, knownAt] = [printTime(loser.order.sts), printTime(moment.knownAt)];
    reasons.push({
      code: "received_after_known_at",
      text: `it was received at ${mine}, after knownAt=${knownAt}`,
    });
  }
  return reasons;
}

function decidingReason(loser: Contender, winner: Contender): Reason {
  const [mine, winners] = [loser.order, winner.order];
  if (compareOrder(mine, winners) === 0 && compareAttributes(loser.attributes, winner.attributes) !== 0) {
    return {
      code: "tie_broken_by_attributes",
      text: "the same observation, received at the same sts; its attributes are the lesser as canonical JSON, compared as bytes, which decides the same everywhere",
    };
  }
  if (mine.eventId === winners.eventId) {
    const text =
      mine.sts === winners.sts
        ? "the same observation again, received at the same sts"
        : `the same observation, received at ${printTime(mine.sts)} and again at ${printTime(winners.sts)}`;
    return { code: "same_observation", text };
  }
  if (mine.orderTime !== winners.orderTime) {
    const [older, newer] = [printTime(mine.orderTime), printTime(winners.orderTime)];
    return { code: "older", text: `its order_time ${older} is before the winner's ${newer}` };
  }
  if (mine.sts !== winners.sts) {
    const [first, second] = [printTime(mine.sts), printTime(winners.sts)];
    return {
      code: "tie_broken_by_sts",
      text: `equal order_time; its sts ${first} is before the winner's ${second}`,
    };
  }
  if (mine.timeStamp !== winners.timeStamp) {
    const [first, second] = [printTime(mine.timeStamp), printTime(winners.timeStamp)];
    const text = `equal order_time and sts; its time_stamp ${first} is before the winner's ${second}`;
    return { code: "tie_broken_by_time_stamp", text };
  }
  return {
    code: "tie_broken_by_event_id",
    text: "equal times; its event_id is the lesser, which decides the same everywhere",
  };
}

function clampedClock({ order }: OrderPosition): Reason {
  const [claimed, counted] = [printTime(order.timeStamp), printTime(order.orderTime)];
  return {
    code: "clamped_clock",
    text: `its device's clock ran ahead: time_stamp ${claimed} counts as ${counted}, sts plus max_future_skew`,
  };
}
