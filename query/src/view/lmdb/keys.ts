import { idDigit, readUint64, writeUint64, type EventId, type Micros, type Order } from "@lastknown/shared";
import type { OrderPosition } from "../arrival.js";
import type { OrderBound } from "../view-store.js";

/**
 * The binary forms of keys and values. Numbers are big-endian and times are biased, so that LMDB's comparison of
 * bytes sorts them as numbers, those before 1970 included.
 */

/** Makes every legal time positive. */
const TIME_BIAS = 2 ** 52;
const EVENT_ID_BYTES = 16;
export const ORDER_BYTES = 3 * 8 + EVENT_ID_BYTES;
/** Of an entry of a user: its number u32, and what kind of entry it is. */
const HEAD_BYTES = 4 + 1;
/** The kinds of entries of a user, in the order in which they stand. */
const ARRIVAL = 1;
const ORDER = 2;
const BLOCK = 3;
const SEEN = 4;

/** A key below those of all arrivals of this user, and above what is before them. */
export function beforeArrivals(user: number): Buffer {
  return head(user, ARRIVAL, 0);
}

/** A key above those of all arrivals of this user, and below what comes after them. */
export function afterArrivals(user: number): Buffer {
  return head(user, ARRIVAL + 1, 0);
}

/** `head, source offset u64` */
export function arrivalKey(user: number, offset: number): Buffer {
  const key = head(user, ARRIVAL, 8);
  writeUint64(key, offset, HEAD_BYTES);
  return key;
}

export function offsetOfArrivalKey(key: Buffer): number {
  return readUint64(key, HEAD_BYTES);
}

/** `head, event id` */
export function seenKey(user: number, eventId: EventId): Buffer {
  const key = head(user, SEEN, EVENT_ID_BYTES);
  writeEventId(key, eventId, HEAD_BYTES);
  return key;
}

/** `head, order, complement of the offset`: of equal orders the first received sorts last. */
export function orderKey(user: number, { order, offset }: OrderPosition): Buffer {
  const key = head(user, ORDER, ORDER_BYTES + 8);
  writeOrder(key, order, HEAD_BYTES);
  writeUint64(key, Number.MAX_SAFE_INTEGER - offset, HEAD_BYTES + ORDER_BYTES);
  return key;
}

export function positionOfOrderKey(key: Buffer): OrderPosition {
  const offset = Number.MAX_SAFE_INTEGER - readUint64(key, HEAD_BYTES + ORDER_BYTES);
  return { order: readOrder(key, HEAD_BYTES), offset };
}

/** A key below all orders of this user, and above what is before them. */
export function beforeOrders(user: number): Buffer {
  return head(user, ORDER, 0);
}

/** A key above all orders of this user that the bound lets in, and below all others. */
export function aboveBound(user: number, bound: OrderBound): Buffer {
  if ("below" in bound) return orderKey(user, bound.below);
  return "orderMax" in bound ? aboveOrder(user, bound.orderMax) : aboveOrderTime(user, bound.orderTimeMax);
}

/** A key above all of this user's of this order, and below all of greater ones. */
function aboveOrder(user: number, order: Order): Buffer {
  const key = head(user, ORDER, ORDER_BYTES + 1);
  writeOrder(key, order, HEAD_BYTES);
  // No offset's complement begins with this byte.
  key.writeUInt8(0xff, HEAD_BYTES + ORDER_BYTES);
  return key;
}

/** A key above all of this user's whose order_time is at most the one given. */
function aboveOrderTime(user: number, orderTimeMax: number): Buffer {
  const key = head(user, ORDER, 8);
  writeUint64(key, biased(orderTimeMax + 1), HEAD_BYTES);
  return key;
}

/** `head, level u8, block u64` */
export function blockKey(user: number, level: number, block: number): Buffer {
  const key = head(user, BLOCK, 1 + 8);
  key.writeUInt8(level, HEAD_BYTES);
  writeUint64(key, block, HEAD_BYTES + 1);
  return key;
}

export function blockOfKey(key: Buffer): number {
  return readUint64(key, HEAD_BYTES + 1);
}

/** A key below this block's and not below those of the blocks before it. */
export function belowBlock(user: number, level: number, block: number): Buffer {
  if (block > 0) return blockKey(user, level, block - 1);
  const key = head(user, BLOCK, 1);
  key.writeUInt8(level, HEAD_BYTES);
  return key;
}

/** So that all times sort as they are, those before 1970 included. */
export function biased(time: Micros): number {
  return time + TIME_BIAS;
}

export function unbiased(time: number): Micros {
  return time - TIME_BIAS;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function uint64(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  writeUint64(bytes, value, 0);
  return bytes;
}

export function writeOrder(bytes: Buffer, order: Order, at: number): void {
  writeUint64(bytes, biased(order.orderTime), at);
  writeUint64(bytes, biased(order.sts), at + 8);
  writeUint64(bytes, biased(order.timeStamp), at + 16);
  writeEventId(bytes, order.eventId, at + 24);
}

export function readOrder(bytes: Buffer, at: number): Order {
  return {
    orderTime: unbiased(readUint64(bytes, at)),
    sts: unbiased(readUint64(bytes, at + 8)),
    timeStamp: unbiased(readUint64(bytes, at + 16)),
    eventId: bytes.toString("hex", at + 24, at + 24 + EVENT_ID_BYTES),
  };
}

/** Byte by byte: to enter the runtime for 16 bytes costs more, and an arrival has three of them. */
function writeEventId(bytes: Buffer, eventId: EventId, at: number): void {
  for (let index = 0; index < EVENT_ID_BYTES; index++) {
    bytes[at + index] = idDigit(eventId, 2 * index) * 16 + idDigit(eventId, 2 * index + 1);
  }
}

function head(user: number, kind: number, moreBytes: number): Buffer {
  const key = Buffer.allocUnsafe(HEAD_BYTES + moreBytes);
  key.writeUInt32BE(user);
  key[4] = kind;
  return key;
}
