import {
  clampedTime,
  type Event,
  type EventId,
  type MaxFutureSkew,
  type Micros,
  type Order,
} from "@lastknown/shared";

/** As orderOf, but the id is made only where it decides: nearly all events are told apart by their times. */
export class EventOrder implements Order {
  readonly orderTime: Micros;
  readonly sts: Micros;
  readonly timeStamp: Micros;
  readonly #event: Event;

  constructor(event: Event, maxFutureSkew: MaxFutureSkew) {
    this.orderTime = clampedTime(event, maxFutureSkew);
    this.sts = event.sts;
    this.timeStamp = event.timeStamp;
    this.#event = event;
  }

  get eventId(): EventId {
    return this.#event.eventId;
  }
}
