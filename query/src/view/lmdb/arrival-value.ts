import {
  compareOrder,
  decodeEventHead,
  orderOf,
  readInt64,
  writeInt64,
  type MaxFutureSkew,
  type Order,
} from "@lastknown/shared";
import type { Arrival } from "../arrival.js";
import { ORDER_BYTES, readOrder, writeOrder } from "./keys.js";

/**
 * What LMDB keeps of an arrival: the greatest order up to and including it, append time i64, schema id u32, and
 * the event's own bytes. Its own order is not in it, for the event's head tells it.
 */
const BODY_AT = ORDER_BYTES + 12;

export function arrivalValue(arrival: Arrival, maximum: Order): Buffer {
  const value = Buffer.allocUnsafe(BODY_AT + arrival.body.length);
  writeOrder(value, maximum, 0);
  writeInt64(value, arrival.appendedAtMs, ORDER_BYTES);
  value.writeUInt32BE(arrival.schemaId, ORDER_BYTES + 8);
  value.set(arrival.body, BODY_AT);
  return value;
}

/** The greatest order among the user's arrivals up to and including this one. */
export function maximumOf(value: Buffer): Order {
  return readOrder(value, 0);
}

/** The same value with another maximum. */
export function withMaximum(value: Buffer, maximum: Order): Buffer {
  const changed = Buffer.from(value);
  writeOrder(changed, maximum, 0);
  return changed;
}

export function arrivalOf(value: Buffer, offset: number, maxFutureSkew: MaxFutureSkew): Arrival {
  const body = value.subarray(BODY_AT);
  const head = decodeEventHead(body);
  return {
    user: head.user,
    offset,
    order: orderOf(head, maxFutureSkew),
    appendedAtMs: readInt64(value, ORDER_BYTES),
    schemaId: value.readUInt32BE(ORDER_BYTES + 8),
    body,
  };
}

export function greater(a: Order, b: Order): Order {
  return compareOrder(a, b) > 0 ? a : b;
}
