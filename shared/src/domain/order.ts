import { canonicalJson, type Attributes } from "./attributes.js";
import type { EventId } from "./event-id.js";
import type { Micros } from "./time.js";

/**
 * How far a device clock may run ahead of ours before it is clamped, in µs; Infinity for "off". A constant of
 * the fleet: two workers that disagreed on it would disagree on the newest event.
 */
export type MaxFutureSkew = Micros;

export const DEFAULT_MAX_FUTURE_SKEW: MaxFutureSkew = 5 * 60 * 1_000_000;

/**
 * What decides which of a user's events is the newest, compared field by field. A Kafka offset is not in it:
 * it would not survive a re-drive. Events of equal order are told apart by compareAttributes.
 */
export interface Order {
  readonly orderTime: Micros;
  readonly sts: Micros;
  readonly timeStamp: Micros;
  readonly eventId: EventId;
}

/** min(time_stamp, sts + skew): a clock that runs ahead cannot freeze its user, and no row is thrown away. */
export function clampedTime(event: { timeStamp: Micros; sts: Micros }, maxFutureSkew: MaxFutureSkew): Micros {
  return Math.min(event.timeStamp, event.sts + maxFutureSkew);
}

/** The order of an event, by its clamped time. */
export function orderOf(
  event: { timeStamp: Micros; sts: Micros; eventId: EventId },
  maxFutureSkew: MaxFutureSkew,
): Order {
  return {
    orderTime: clampedTime(event, maxFutureSkew),
    sts: event.sts,
    timeStamp: event.timeStamp,
    eventId: event.eventId,
  };
}

/** Whether the device's clock ran so far ahead that the order does not believe it. */
export function isClamped(order: Order): boolean {
  return order.orderTime !== order.timeStamp;
}

/**
 * Negative if `a` is older than `b`, positive if newer, 0 only for the same observation received at the same sts:
 * then compareAttributes decides, as attributes that are no part of the observation's identity may differ.
 */
export function compareOrder(a: Order, b: Order): number {
  if (a.orderTime !== b.orderTime) return a.orderTime - b.orderTime;
  if (a.sts !== b.sts) return a.sts - b.sts;
  if (a.timeStamp !== b.timeStamp) return a.timeStamp - b.timeStamp;
  if (a.eventId === b.eventId) return 0;
  return a.eventId < b.eventId ? -1 : 1;
}

/**
 * Decides between two events of equal order: the one with the greater canonical attributes is the newer. 0 only
 * if they leave the same state, byte for byte, so the newest stays a pure maximum over what the events say.
 */
export function compareAttributes(a: Attributes, b: Attributes): number {
  return compareCanonicalAttributes(canonicalJson(a), canonicalJson(b));
}

/** The same for their canonical JSON, by UTF-8 bytes: `<` would compare UTF-16 units, as no other store does. */
export function compareCanonicalAttributes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Added to each time so that moments before 1970 sort as text too. */
const TIME_BIAS = 2 ** 52;
const TIME_DIGITS = 14;
/** Three times of 14 hex digits and an event id of 32. */
export const ENCODED_ORDER_LENGTH = 3 * TIME_DIGITS + 32;

/** The order as text that sorts, byte by byte, exactly as compareOrder does. The form is frozen: Redis holds it. */
export function encodeOrder(order: Order): string {
  return encodeTime(order.orderTime) + encodeTime(order.sts) + encodeTime(order.timeStamp) + order.eventId;
}

function encodeTime(micros: Micros): string {
  const biased = micros + TIME_BIAS;
  // In halves: V8 prints whole numbers of 32 bits many times as fast as greater ones.
  const high = Math.floor(biased / 2 ** 32).toString(16);
  return high.padStart(TIME_DIGITS - 8, "0") + (biased >>> 0).toString(16).padStart(8, "0");
}

const HEX_DIGITS = Buffer.from("0123456789abcdef");

/** Writes the text of encodeOrder, which has as many bytes as characters. Gives where it ends. */
export function writeOrderText(bytes: Uint8Array, start: number, order: Order): number {
  let at = writeTimeDigits(bytes, start, order.orderTime);
  at = writeTimeDigits(bytes, at, order.sts);
  at = writeTimeDigits(bytes, at, order.timeStamp);
  const { eventId } = order;
  for (let index = 0; index < eventId.length; index++) bytes[at++] = eventId.charCodeAt(index);
  return at;
}

function writeTimeDigits(bytes: Uint8Array, start: number, micros: Micros): number {
  const biased = micros + TIME_BIAS;
  const end = start + TIME_DIGITS;
  let low = biased >>> 0;
  let high = Math.floor(biased / 2 ** 32);
  for (let at = end - 1; at >= end - 8; at--, low >>>= 4) bytes[at] = HEX_DIGITS[low & 0xf] as number;
  for (let at = end - 9; at >= start; at--, high >>>= 4) bytes[at] = HEX_DIGITS[high & 0xf] as number;
  return end;
}

const ENCODED_ORDER = new RegExp(`^[0-9a-f]{${ENCODED_ORDER_LENGTH}}$`);

/** The inverse of encodeOrder. Throws RangeError for text that encodeOrder cannot have written. */
export function decodeOrder(text: string): Order {
  if (!ENCODED_ORDER.test(text)) throw new RangeError(`not an encoded order: ${JSON.stringify(text)}`);
  return {
    orderTime: decodeTime(text, 0),
    sts: decodeTime(text, 1),
    timeStamp: decodeTime(text, 2),
    eventId: text.slice(3 * TIME_DIGITS),
  };
}

function decodeTime(text: string, index: number): Micros {
  return parseInt(text.slice(index * TIME_DIGITS, (index + 1) * TIME_DIGITS), 16) - TIME_BIAS;
}
