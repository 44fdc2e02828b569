import type { Micros, Order } from "@lastknown/shared";
import type { OrderPosition } from "../arrival.js";
import type { OrderBound } from "../view-store.js";

/**
 * The binary forms of keys and values. Numbers are big-endian and times are biased, so that LMDB's comparison of
 * bytes sorts them as numbers, those before 1970 included.
 */

const TWO_TO_32 = 2 ** 32;
/** Makes every legal time positive. */
const TIME_BIAS = 2 ** 52;
const EVENT_ID_BYTES = 16;
export const ORDER_BYTES = 3 * 8 + EVENT_ID_BYTES;
const USER_BYTES = 4;

/** `user number u32` */
export function userPrefix(user: number): Buffer {
  return withUser(user, 0);
}

/** The first key that belongs to no arrival of this user. */
export function afterUser(user: number): Buffer {
  return withUser(user + 1, 0);
}

/** `user number u32, source offset u64` */
export function arrivalKey(user: number, offset: number): Buffer {
  const key = withUser(user, 8);
  writeUint64(key, offset, USER_BYTES);
  return key;
}

export function offsetOfArrivalKey(key: Buffer): number {
  return readUint64(key, USER_BYTES);
}

/** `user number u32, event id` */
export function seenKey(user: number, eventId: string): Buffer {
  const key = withUser(user, EVENT_ID_BYTES);
  key.write(eventId, USER_BYTES, "hex");
  return key;
}

/** `user number u32, order, complement of the offset`: of equal orders the first received sorts last. */
export function orderKey(user: number, { order, offset }: OrderPosition): Buffer {
  const key = withUser(user, ORDER_BYTES + 8);
  writeOrder(key, order, USER_BYTES);
  writeUint64(key, Number.MAX_SAFE_INTEGER - offset, USER_BYTES + ORDER_BYTES);
  return key;
}

export function positionOfOrderKey(key: Buffer): OrderPosition {
  const offset = Number.MAX_SAFE_INTEGER - readUint64(key, USER_BYTES + ORDER_BYTES);
  return { order: readOrder(key, USER_BYTES), offset };
}

/** A key above all of this user's that the bound lets in, and below all others. */
export function aboveBound(user: number, bound: OrderBound): Buffer {
  if ("below" in bound) return orderKey(user, bound.below);
  return "orderMax" in bound ? aboveOrder(user, bound.orderMax) : aboveOrderTime(user, bound.orderTimeMax);
}

/** A key above all of this user's of this order, and below all of greater ones. */
function aboveOrder(user: number, order: Order): Buffer {
  const key = withUser(user, ORDER_BYTES + 1);
  writeOrder(key, order, USER_BYTES);
  // No offset's complement begins with this byte.
  key.writeUInt8(0xff, USER_BYTES + ORDER_BYTES);
  return key;
}

/** A key above all of this user's whose order_time is at most the one given. */
function aboveOrderTime(user: number, orderTimeMax: number): Buffer {
  const key = withUser(user, 8);
  writeUint64(key, biased(orderTimeMax + 1), USER_BYTES);
  return key;
}

/** `user number u32, level u8, block u64` */
export function blockKey(user: number, level: number, block: number): Buffer {
  const key = withUser(user, 1 + 8);
  key.writeUInt8(level, USER_BYTES);
  writeUint64(key, block, USER_BYTES + 1);
  return key;
}

export function blockOfKey(key: Buffer): number {
  return readUint64(key, USER_BYTES + 1);
}

/** A key below this block's and not below those of the blocks before it. */
export function belowBlock(user: number, level: number, block: number): Buffer {
  if (block > 0) return blockKey(user, level, block - 1);
  const key = withUser(user, 1);
  key.writeUInt8(level, USER_BYTES);
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
  bytes.write(order.eventId, at + 24, "hex");
}

export function readOrder(bytes: Buffer, at: number): Order {
  return {
    orderTime: unbiased(readUint64(bytes, at)),
    sts: unbiased(readUint64(bytes, at + 8)),
    timeStamp: unbiased(readUint64(bytes, at + 16)),
    eventId: bytes.toString("hex", at + 24, at + 24 + EVENT_ID_BYTES),
  };
}

export function writeUint64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / TWO_TO_32), at);
  bytes.writeUInt32BE(value % TWO_TO_32, at + 4);
}

export function readUint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * TWO_TO_32 + bytes.readUInt32BE(at + 4);
}

function withUser(user: number, moreBytes: number): Buffer {
  const key = Buffer.allocUnsafe(USER_BYTES + moreBytes);
  key.writeUInt32BE(user);
  return key;
}
