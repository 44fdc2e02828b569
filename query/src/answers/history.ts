import { judge, type Judgement, type Micros, type Verdict } from "@lastknown/shared";
import type { FoldedArrival } from "../view/arrival.js";
import { isOffset, parseCursor, printCursor, ViewBehindCursorError } from "./cursor.js";
import { stateOf, type UserState } from "./user-state.js";
import type { AnswerContext } from "./answer-context.js";

export interface HistoryQuestion {
  readonly user: string;
  /** from ≤ time_stamp < to */
  readonly from?: Micros | undefined;
  readonly to?: Micros | undefined;
  readonly verdict?: Verdict | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** An arrival and what it did. */
export type JudgedState = UserState & Judgement;

export interface HistoryPage {
  readonly items: readonly JudgedState[];
  /** Null on the last page. A page may be short, even empty, and still have one. */
  readonly cursor: string | null;
}

/** Arrivals looked at for one page, so that a filter that lets little through cannot hold the event loop. */
export const SCANNED_MAX = 5000;
/** Bytes of their events, which are copied and summed up. */
export const SCANNED_BYTES_MAX = 16 * 1024 * 1024;
/** Bytes of events on one page, for the same reason; at least one arrival always comes. */
export const PAGE_BYTES_MAX = 1024 * 1024;

/**
 * The user's arrivals by source offset, a page at a time.
 *
 * The pages end where the view stood at the first one, so they repeat nothing and skip nothing of what was there,
 * whatever is folded meanwhile; a replica that has not got so far says so instead of ending early.
 */
export function history(
  context: AnswerContext,
  place: { topic: string; partition: number },
  question: HistoryQuestion,
): HistoryPage {
  const { user, from, to, verdict, limit } = question;
  const identity = ["history", context.fleet.id, user, from, to, verdict];
  const { sourceEnd } = context.store.position(place.partition);
  const cursor = question.cursor === undefined ? undefined : parseCursor(question.cursor, identity, isOffset);
  const end = cursor?.ends[0] ?? sourceEnd;
  if (sourceEnd < end) throw new ViewBehindCursorError();

  const items: JudgedState[] = [];
  let scanned = 0;
  let scannedBytes = 0;
  let bytes = 0;
  for (const arrival of context.store.bySource(user, cursor?.next ?? 0)) {
    if (arrival.offset >= end) break;
    const hasScannedAll = scanned === SCANNED_MAX || scannedBytes >= SCANNED_BYTES_MAX;
    if (items.length === limit || hasScannedAll || bytes >= PAGE_BYTES_MAX) {
      return { items, cursor: printCursor(identity, { next: arrival.offset, ends: [end] }) };
    }
    scanned++;
    scannedBytes += arrival.body.length;
    const judgement = judgementOf(arrival);
    if (!isInRange(arrival.order.timeStamp, from, to)) continue;
    if (verdict !== undefined && judgement.verdict !== verdict) continue;
    bytes += arrival.body.length;
    items.push({ ...stateOf(arrival, place, context.schemas), ...judgement });
  }
  return { items, cursor: null };
}

export function judgementOf({ order, stateBefore, seenBefore }: FoldedArrival): Judgement {
  return judge(order, stateBefore, seenBefore);
}

function isInRange(time: Micros, from: Micros | undefined, to: Micros | undefined): boolean {
  return (from === undefined || from <= time) && (to === undefined || time < to);
}
