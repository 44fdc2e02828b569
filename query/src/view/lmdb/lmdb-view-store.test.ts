import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { expect, test } from "@jest/globals";
import type { Arrival } from "../arrival.js";
import { arrivalFor, batchOf, TEST_SKEW } from "../arrival-for-test.js";
import { describeTiedArrivals } from "../../answers/tied-arrivals.contract.js";
import { describeViewStore, type StoreUnderTest } from "../view-store.contract.js";
import { ViewAbortedError, ViewUnwritableError, type ViewStore } from "../view-store.js";
import { failTransactions } from "./failing-transactions-for-test.js";
import { LmdbViewStore } from "./lmdb-view-store.js";

interface LmdbStoreUnderTest extends StoreUnderTest {
  readonly store: LmdbViewStore;
  readonly root: RootDatabase<Buffer, Buffer>;
}

const make = async (): Promise<LmdbStoreUnderTest> => {
  const directory = await mkdtemp(join(tmpdir(), "lastknown-view-"));
  const root = open<Buffer, Buffer>({
    path: directory,
    noSync: true,
    maxDbs: 9,
    encoding: "binary",
    keyEncoding: "binary",
  });
  const store = new LmdbViewStore(root, TEST_SKEW, {
    onDamaged: () => undefined,
    onClosed: () => Promise.resolve(),
  });
  const remove = async (): Promise<void> => {
    await store.close();
    await rm(directory, { recursive: true });
  };
  return { store, root, remove };
};

/** An arrival that ends the fold. */
function brokenFor(user: string): Arrival {
  return {
    ...arrivalFor({ user, offset: 2 }),
    get body(): Buffer {
      throw new Error("broken");
    },
  };
}

test("a batch that fails halfway leaves neither arrivals nor the offset to go on from", async () => {
  const { store, remove } = await make();
  store.fold(batchOf([arrivalFor({ user: "a", offset: 0 })], { nextOffset: 5 }));
  const batch = batchOf([arrivalFor({ user: "a", offset: 1 }), brokenFor("b")], { nextOffset: 9 });
  expect(() => store.fold(batch)).toThrow("broken");
  expect(store.position(0)).toEqual({ nextOffset: 5, sourceEnd: 1 });
  expect(store.arrival("a", 1)).toBeUndefined();
  expect(store.hasUser("b")).toBe(false);
  const again = batchOf([arrivalFor({ user: "a", offset: 1 })], { nextOffset: 9 });
  expect(store.fold(again)).toHaveLength(1);
  await remove();
});

test.each([
  ["a fold", (store: ViewStore) => store.fold(batchOf([arrivalFor({ user: "b", offset: 7 })]))],
  ["a clearing", (store: ViewStore) => store.clear()],
])(
  "%s that LMDB gives up leaves what was there, to be opened again",
  async (_what, write: (store: ViewStore) => void) => {
    const { store, root, remove } = await make();
    store.fold(batchOf([arrivalFor({ user: "a", offset: 0 })], { nextOffset: 5 }));
    failTransactions(root, -30_782);
    expect(() => write(store)).toThrow(ViewAbortedError);
    expect(() => write(store)).toThrow("the view gave up a transaction: MDB_BAD_TXN: said by LMDB");
    expect(store.damage).toBeUndefined();
    expect(store.position(0)).toEqual({ nextOffset: 5, sourceEnd: 1 });
    expect([...store.users(undefined)]).toEqual(["a"]);
    expect(store.hasUser("b")).toBe(false);
    await remove();
  },
);

test.each([5, 28, 30, 122])(
  "a fold that ends in the system's error %d finds the view unwritable, and no worse",
  async (code) => {
    const { store, root, remove } = await make();
    failTransactions(root, code);
    expect(() => store.fold(batchOf([arrivalFor({ user: "a", offset: 0 })]))).toThrow(ViewUnwritableError);
    expect(store.hasUser("a")).toBe(false);
    await remove();
  },
);

test("users of a batch that fails are new again, each with a past of its own", async () => {
  const { store, remove } = await make();
  const [b, d] = [arrivalFor({ user: "b", offset: 1 }), arrivalFor({ user: "d", offset: 3 })];
  expect(() => store.fold(batchOf([b, brokenFor("c")]))).toThrow("broken");
  expect(store.fold(batchOf([d]))).toHaveLength(1);
  expect(store.fold(batchOf([b]))).toHaveLength(1);
  expect([...store.users(undefined)]).toEqual(["b", "d"]);
  expect([...store.latestReceived("b")]).toEqual([b]);
  expect([...store.latestReceived("d")]).toEqual([d]);
  await remove();
});

test("steps over what was received after a moment, however much it is", async () => {
  const { store, remove } = await make();
  const dayMicros = 86_400_000_000;
  const early = [0, 1, 2].map((day) =>
    arrivalFor({ user: "a", offset: day, timeStamp: day * dayMicros, sts: 3 * dayMicros }),
  );
  // Three months of an arrival per hour, all received after that.
  const late = Array.from({ length: 90 * 24 }, (_, hour) =>
    arrivalFor({
      user: "a",
      offset: 3 + hour,
      timeStamp: 3 * dayMicros + (hour * dayMicros) / 24,
      sts: 100 * dayMicros,
    }),
  );
  store.fold(batchOf(early), batchOf(late));
  const lateMax = 99 * dayMicros;
  expect(store.latestReceivedBy("a", lateMax, 100 * dayMicros)).toBeGreaterThan(90 * dayMicros);
  const told = store.latestReceivedBy("a", lateMax, 4 * dayMicros) as number;
  // To within the smallest block.
  expect(told - 2 * dayMicros).toBeLessThan(2 ** 26);
  expect(store.latestReceivedBy("a", lateMax, 2 * dayMicros)).toBeUndefined();
  expect(store.latestReceivedBy("b", lateMax, lateMax)).toBeUndefined();
  await remove();
});

describeViewStore("the view in LMDB", make);
describeTiedArrivals("the view in LMDB", make);
