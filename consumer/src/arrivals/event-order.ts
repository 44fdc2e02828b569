import {
  clampedTime,
  type Event,
  type EventId,
  type MaxFutureSkew,
  type Micros,
  type Order,
} from "@lastknown/shared";

/** As orderOf, of an event whose fields it takes when they decide: nearly all are told apart by their order times. */
export class EventOrder implements Order {
  readonly orderTime: Micros;
  readonly #event: Event;

  constructor(event: Event, maxFutureSkew: MaxFutureSkew) {
    this.orderTime = clampedTime(event, maxFutureSkew);
    this.#event = event;
  }

  get sts(): Micros {
    return this.#event.sts;
  }

  get timeStamp(): Micros {
    return this.#event.timeStamp;
  }

  get eventId(): EventId {
    return this.#event.eventId;
  }
}
