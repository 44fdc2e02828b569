import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, jest, test } from "@jest/globals";
import { newFleetRecord } from "@lastknown/shared";
import {
  arrivalFor,
  batchOf,
  TEST_SCHEMA,
  TEST_SCHEMA_ID,
  TEST_SKEW,
  type ArrivalFacts,
} from "../view/arrival-for-test.js";
import { SchemaCopies } from "../view/schema-copies.js";
import { MemoryViewStore } from "../view/memory/memory-view-store.js";
import { explain, type Explanation } from "./explain.js";
import { PAGE_BYTES_MAX } from "./history.js";
import type { Moment } from "./newest-arrival.js";

/** A busy machine takes its time. */
jest.setTimeout(30_000);

const PLACE = { topic: "f.events", partition: 0 };

function storeOf(facts: readonly Omit<ArrivalFacts, "user">[]): MemoryViewStore {
  const store = new MemoryViewStore();
  fold(store, facts);
  return store;
}

function fold(store: MemoryViewStore, facts: readonly Omit<ArrivalFacts, "user">[]): void {
  const arrivals = facts.map((one) => arrivalFor({ user: "bus", ...one }));
  store.fold({ ...batchOf(arrivals), schemas: [{ schemaId: TEST_SCHEMA_ID, text: TEST_SCHEMA.text }] });
}

async function explained(
  store: MemoryViewStore,
  question: { moment?: Moment; limit: number },
): Promise<Explanation> {
  const fleet = newFleetRecord(1, TEST_SKEW);
  const context = { store, schemas: new SchemaCopies(store), fleet, eventsTopic: PLACE.topic };
  const explanation = await explain(context, PLACE, { user: "bus", moment: {}, ...question });
  if (explanation === undefined) throw new Error("no arrival had come by then");
  return explanation;
}

function offsetsOf({ lost }: Explanation): number[] {
  return lost.map(({ state }) => state.source.offset);
}

describe("an explanation", () => {
  /** The later received, the later it happened. */
  const inOrder = Array.from({ length: 20 }, (_, offset) => ({ offset, timeStamp: offset, sts: offset }));
  const offsetsDown = inOrder.map(({ offset }) => offset).reverse();

  test("has as many losers of each kind as asked for, and says whether these are all", async () => {
    const store = storeOf(inOrder);
    const few = await explained(store, { moment: { at: 9 }, limit: 3 });
    // What the moment left out from the top, the next by order, and the last received, which are left out as well.
    expect([few.winner.source.offset, offsetsOf(few), few.lostComplete]).toEqual([
      9,
      [19, 18, 17, 8, 7, 6],
      false,
    ]);
    const all = await explained(store, { moment: { at: 9 }, limit: 10 });
    expect([offsetsOf(all), all.lostComplete]).toEqual([
      offsetsDown.filter((offset) => offset !== all.winner.source.offset),
      true,
    ]);
    expect((await explained(store, { moment: { at: 9 }, limit: 8 })).lostComplete).toBe(false);
  });

  test("is complete where the winner is the only arrival", async () => {
    const { lost, lostComplete } = await explained(storeOf(inOrder.slice(0, 1)), { limit: 1 });
    expect([lost, lostComplete]).toEqual([[], true]);
  });

  test("finds the losers of a kind wherever they stand among thousands", async () => {
    const early = Array.from({ length: 5000 }, (_, offset) => ({ offset, timeStamp: 10 + offset, sts: 0 }));
    // Both happened before all others and were received after them.
    const late = [
      { offset: 5000, timeStamp: 1, sts: 9 },
      { offset: 5001, timeStamp: 2, sts: 9 },
    ];
    const more = early.map(({ offset }) => ({ offset: 5002 + offset, timeStamp: 5 + offset, sts: 0 }));
    const store = storeOf([...early, ...late, ...more]);
    const { lost, arrivals } = await explained(store, { moment: { knownAt: 0 }, limit: 2 });
    const leftOut = lost.filter(({ reasons: [reason] }) => reason?.code === "received_after_known_at");
    expect(leftOut.map(({ state }) => state.source.offset)).toEqual([5001, 5000]);
    expect(arrivals).toMatchObject({ total: 10_002, receivedAfterKnownAt: 2, complete: true });
  });

  test("lets other work have its turn, and leaves out what that brings", async () => {
    const store = storeOf(Array.from({ length: 5000 }, (_, offset) => ({ offset, timeStamp: offset })));
    const asked = explained(store, { limit: 500 });
    await nextTurn();
    fold(store, [{ offset: 5000, timeStamp: 9_999, sts: 9_999 }]);
    const explanation = await asked;
    expect(explanation.winner.source.offset).toBe(4999);
    expect(offsetsOf(explanation)).not.toContain(5000);
    expect(explanation.arrivals).toMatchObject({ total: 5000, considered: 5000, complete: true });
  });

  test("of large events has as many as fit into a page, and says that these are not all", async () => {
    const letter = "x".repeat(200_000);
    const store = storeOf(inOrder.map((facts) => ({ ...facts, letter })));
    const { lost, lostComplete } = await explained(store, { limit: 20 });
    expect(lost).toHaveLength(Math.ceil(PAGE_BYTES_MAX / letter.length));
    expect(lostComplete).toBe(false);
  });
});
