import type { Source } from "../event/arrival.js";
import { printMoment } from "../file/moment.js";
import type { JudgedArrival } from "../meaning/timeline.js";
import type { AnsweredEvent } from "./answers-client.js";

/** An event as every answer shows it, without its source. */
export function expectedEvent({ arrival, order }: JudgedArrival): AnsweredEvent {
  return {
    user: arrival.user,
    time_stamp: printMoment(arrival.timeStamp),
    sts: printMoment(arrival.sts),
    attributes: JSON.parse(arrival.attributes),
    event_id: arrival.eventId,
    order_time: printMoment(order[0]),
  };
}

/** The same parts of what was answered. */
export function answeredEvent(answered: AnsweredEvent): AnsweredEvent {
  const { user, time_stamp, sts, attributes, event_id, order_time } = answered;
  return { user, time_stamp, sts, attributes, event_id, order_time };
}

/** An item of a history: an event with what became of it. */
export function expectedItem(judged: JudgedArrival): AnsweredEvent {
  const { verdict, clamped, repeated } = judged;
  return { ...expectedEvent(judged), verdict, clamped, repeated };
}

export function answeredItem(answered: AnsweredEvent): AnsweredEvent {
  const { verdict, clamped, repeated } = answered;
  return { ...answeredEvent(answered), verdict, clamped, repeated };
}

/** The source that an answer names, if it has the form of one. */
export function answeredSource({ source }: AnsweredEvent): Source | undefined {
  const { partition, offset } = source ?? {};
  return typeof partition === "number" && typeof offset === "number" ? { partition, offset } : undefined;
}
