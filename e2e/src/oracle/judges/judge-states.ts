import { bucketOf } from "../event/partition.js";
import { printMoment } from "../file/moment.js";
import { compareOrders, redisOrder } from "../meaning/order.js";
import type { Timeline } from "../meaning/timeline.js";
import type { RedisFleet } from "../servers/redis-fleet.js";
import { type Judgement, Tally } from "./judgement.js";

/**
 * Whether Redis holds exactly the newest state of every user, byte for byte, and no other. The timelines come
 * from the events topic, so that `source` can be held against the winner's own records.
 */
export function judgeStates(
  timelines: ReadonlyMap<string, Timeline>,
  { states }: Pick<RedisFleet, "states">,
  { fleet, eventsTopic }: { fleet: string; eventsTopic: string },
): Judgement {
  const tally = new Tally();
  const expectedKeys = new Set<string>();
  for (const timeline of timelines.values()) {
    const key = `${fleet}{${bucketOf(timeline.user)}}:user:${timeline.user}`;
    expectedKeys.add(key);
    const actual = states.get(key);
    const sources = winnersRecords(timeline, eventsTopic);
    const source =
      sources.find((candidate) => candidate === actual?.["source"]) ?? `one of ${sources.join()}`;
    tally.check(key, { ...stateFields(timeline), source }, actual && { ...actual });
  }
  for (const [key, actual] of states) if (!expectedKeys.has(key)) tally.fail(key, undefined, actual);
  return tally.judgement;
}

function stateFields({ state }: Timeline): Record<string, string> {
  const { timeStamp, sts, attributes } = state.arrival;
  return {
    order: redisOrder(state.order),
    time_stamp: printMoment(timeStamp),
    sts: printMoment(sts),
    attributes,
  };
}

/** Where the records stand that brought the winner: several, where it was sent again with the same attributes. */
function winnersRecords({ arrivals, state }: Timeline, eventsTopic: string): string[] {
  return arrivals
    .filter(({ order }) => compareOrders(order, state.order) === 0)
    .map(({ arrival }) => `${eventsTopic}/${arrival.source?.partition}/${arrival.source?.offset}`);
}
