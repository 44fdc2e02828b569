import { type Judgement, Tally } from "../judges/judgement.js";
import { compareOrders, type Order } from "../meaning/order.js";
import { printMoment } from "../file/moment.js";
import type { JudgedArrival } from "../meaning/timeline.js";
import type { FleetEvidence } from "../read-fleet.js";
import type { SeenAnswer } from "./observations.js";

/** What was acknowledged so long before the question has to be in the answer, or in its lag. */
const NOTICED_WITHIN_MS = 1_000;

/** A user's arrivals as the events topic got them, each with the newest order so far. */
interface Acknowledged {
  readonly atMs: readonly number[];
  readonly newest: readonly Order[];
  readonly orders: ReadonlyMap<string, Order>;
}

/**
 * Whether every answer about the present held all that the events topic had of its user before the time that its lag
 * admits: one second before it was asked where the lag is 0, and so much earlier as it tells otherwise. An answer
 * that tells no lag claims nothing. The events topic has to be stamped by its brokers.
 */
export function judgeFreshness(
  answers: readonly SeenAnswer[],
  { events, timelines }: Pick<FleetEvidence, "events" | "timelines">,
): Judgement {
  const tally = new Tally();
  const appendedAtMs = new Map(
    events.map(({ partition, offset, timestampMs }) => [`${partition}/${offset}`, timestampMs]),
  );
  const acknowledged = new Map<string, Acknowledged>();
  for (const [user, { arrivals }] of timelines)
    acknowledged.set(user, acknowledgedOf(arrivals, appendedAtMs));
  for (const answer of answers) {
    const isAnswer = answer.status === 200 || answer.status === 404;
    if (isAnswer && answer.lagSeconds !== undefined) judgeOne(tally, answer, acknowledged.get(answer.user));
  }
  return tally.judgement;
}

function judgeOne(tally: Tally, answer: SeenAnswer, acknowledged: Acknowledged | undefined): void {
  const { user, askedAtMs, store, lagSeconds = 0, eventId = "", sts = "" } = answer;
  const admittedMs = lagSeconds * 1000 + NOTICED_WITHIN_MS;
  const expected = acknowledged && newestBy(acknowledged, askedAtMs - admittedMs);
  const actual = acknowledged?.orders.get(nameOf(eventId, sts));
  const where = `${user} from ${store} at ${new Date(askedAtMs).toISOString()} with lag ${lagSeconds}`;
  if (eventId !== "" && actual === undefined)
    tally.fail(where, "an event that was sent", `${eventId} ${sts}`);
  else if (expected === undefined || (actual !== undefined && compareOrders(actual, expected) >= 0))
    tally.check(where, true, true);
  else tally.fail(where, printOrder(expected), actual && printOrder(actual));
}

function acknowledgedOf(
  arrivals: readonly JudgedArrival[],
  appendedAtMs: ReadonlyMap<string, number>,
): Acknowledged {
  const atMs: number[] = [];
  const newest: Order[] = [];
  const orders = new Map<string, Order>();
  for (const { arrival, order } of arrivals) {
    const before = newest.at(-1);
    atMs.push(appendedAtMs.get(`${arrival.source?.partition}/${arrival.source?.offset}`) ?? Infinity);
    newest.push(before !== undefined && compareOrders(before, order) > 0 ? before : order);
    orders.set(nameOf(arrival.eventId, printMoment(arrival.sts)), order);
  }
  return { atMs, newest, orders };
}

/** The newest order among what was appended by then. Offsets and append times of a partition grow together. */
function newestBy({ atMs, newest }: Acknowledged, momentMs: number): Order | undefined {
  return newest[atMs.findLastIndex((appendedAtMs) => appendedAtMs <= momentMs)];
}

function nameOf(eventId: string, sts: string): string {
  return `${eventId} ${sts}`;
}

function printOrder([orderTime, sts, , eventId]: Order): string {
  return `${printMoment(orderTime)} received ${printMoment(sts)} ${eventId}`;
}
