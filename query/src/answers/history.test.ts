import { describe, expect, test } from "@jest/globals";
import { newFleetRecord } from "@lastknown/shared";
import { arrivalFor, batchOf, TEST_SCHEMA, TEST_SCHEMA_ID, TEST_SKEW } from "../view/arrival-for-test.js";
import { SchemaCopies } from "../view/schema-copies.js";
import { MemoryViewStore } from "../view/memory/memory-view-store.js";
import type { AnswerContext } from "./answer-context.js";
import { history, PAGE_BYTES_MAX, SCANNED_BYTES_MAX, type HistoryPage } from "./history.js";

const PLACE = { topic: "f.events", partition: 0 };
const LARGE = "x".repeat(200_000);
const ARRIVALS = 20;

describe("a history of large events", () => {
  const store = new MemoryViewStore();
  const arrivals = Array.from({ length: ARRIVALS }, (_, offset) =>
    arrivalFor({ user: "bus", offset, timeStamp: offset, letter: LARGE }),
  );
  store.fold({ ...batchOf(arrivals), schemas: [{ schemaId: TEST_SCHEMA_ID, text: TEST_SCHEMA.text }] });
  const context = contextOf(store);

  function pages(): HistoryPage[] {
    const all: HistoryPage[] = [];
    let cursor: string | undefined;
    do {
      const page = history(context, PLACE, { user: "bus", limit: 1000, cursor });
      all.push(page);
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined && all.length <= ARRIVALS);
    return all;
  }

  test("ends each page by its bytes, and repeats and skips nothing", () => {
    const all = pages();
    expect(all.length).toBeGreaterThan(2);
    const perPage = Math.ceil(PAGE_BYTES_MAX / LARGE.length);
    for (const { items } of all) expect(items.length).toBeLessThanOrEqual(perPage);
    const offsets = all.flatMap(({ items }) => items.map(({ source }) => source.offset));
    expect(offsets).toEqual(Array.from({ length: ARRIVALS }, (_, offset) => offset));
  });
});

test("a filter that lets nothing through ends its page by the bytes that it looked at", () => {
  const store = new MemoryViewStore();
  const arrival = arrivalFor({ user: "bus", offset: 0, letter: LARGE });
  const count = Math.ceil((2.5 * SCANNED_BYTES_MAX) / arrival.body.length);
  store.fold(batchOf(Array.from({ length: count }, (_, offset) => ({ ...arrival, offset }))));
  const context = contextOf(store);
  let pages = 0;
  let cursor: string | undefined;
  do {
    const page = history(context, PLACE, { user: "bus", from: 1, limit: 1000, cursor });
    expect(page.items).toEqual([]);
    cursor = page.cursor ?? undefined;
    pages++;
  } while (cursor !== undefined && pages < 10);
  expect(pages).toBe(3);
});

function contextOf(store: MemoryViewStore): AnswerContext {
  return {
    store,
    schemas: new SchemaCopies(store),
    fleet: newFleetRecord(1, TEST_SKEW),
    eventsTopic: PLACE.topic,
  };
}
