import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  bucketOf,
  canonicalJson,
  connectRedis,
  loadSettings,
  RedisKeys,
  silentLogger,
  waitUntilReady,
} from "@lastknown/shared";
import fc from "fast-check";
import { MemoryStateStore } from "../memory/memory-state-store.js";
import { describeStateStore, stateAt, updateOf } from "../state-store.contract.js";
import { StatesUnavailableError, storedState, type BucketUpdate, type StoredState } from "../state-store.js";
import { slotOfBucket } from "./bucket-slot.js";
import { RedisStateStore, type RedisStateStoreOptions } from "./redis-state-store.js";

const settings = loadSettings().redis;
const redis = connectRedis(settings, silentLogger);
const fleets: string[] = [];

function makeStore(options: Partial<RedisStateStoreOptions> = {}) {
  const fleet = `test-${randomUUID()}`;
  fleets.push(fleet);
  const keys = new RedisKeys(fleet);
  const store = new RedisStateStore({
    redis,
    fleet,
    logger: silentLogger,
    deadlineMs: 5000,
    replicaWaitMs: 0,
    noReplica: "heal",
    onUnprotected: () => undefined,
    ...options,
  });
  const state = async (user: string): Promise<StoredState | undefined> => {
    const fields = await redis.hgetall(keys.state(user));
    if (Object.keys(fields).length === 0) return undefined;
    const { order, time_stamp: timeStamp, sts, attributes, source, ...rest } = fields;
    expect(rest).toEqual({});
    return { user, order, timeStamp, sts, attributes, source } as StoredState;
  };
  const lose = async (bucket: number): Promise<void> => await removeKeys(`${fleet}{${bucket}}:*`);
  return { fleet, keys, store, state, lose };
}

/** Glob characters in a fleet's name would match more; a UUID has none. */
async function removeKeys(pattern: string): Promise<void> {
  for (const node of redis.nodes("master")) {
    for await (const keys of node.scanStream({ match: pattern, count: 1000 })) {
      await Promise.all((keys as string[]).map((key) => redis.del(key)));
    }
  }
}

beforeAll(async () => {
  await waitUntilReady(redis, settings);
});
afterAll(async () => {
  for (const fleet of fleets) await removeKeys(`${fleet}{*`);
  redis.disconnect();
});

describeStateStore("redis", () => makeStore());

/** Texts that share their beginnings, of characters that UTF-8, UTF-16 and most locales sort differently. */
const tiedAttributes = fc
  .string({
    unit: fc.constantFrom("A", "a", "b", "é", "\ue000", "\uffff", "\u{10000}", "\u{1f600}"),
    maxLength: 5,
  })
  .map((note) => canonicalJson({ note }));

describe("the script on a real Redis", () => {
  test("does what the model does, for any sequence of updates", async () => {
    // Few users and times, so that the same ones meet; "a" and "b" live in different buckets.
    const user = fc.constantFrom("a", "b");
    const time = fc.integer({ min: -2, max: 2 });
    const anyOrder = fc.record({
      orderTime: time,
      sts: time,
      timeStamp: time,
      eventId: fc.constantFrom("0", "a", "f").map((digit) => digit.repeat(32)),
    });
    // The greatest of them comes often, so that ties are the last word of many sequences.
    const greatestOrder = fc.constant({ orderTime: 2, sts: 2, timeStamp: 2, eventId: "f".repeat(32) });
    const state = fc.record({ order: fc.oneof(anyOrder, greatestOrder), attributes: tiedAttributes });
    const update = fc.record({
      user,
      expectedProgress: fc.integer({ min: 0, max: 6 }),
      progress: fc.integer({ min: 0, max: 9 }),
      states: fc.array(state, { maxLength: 2 }),
      isLost: fc.boolean(),
    });
    let source = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(update, { maxLength: 12 }), async (updates) => {
        const real = makeStore();
        const model = new MemoryStateStore();
        for (const { user: owner, states, isLost, ...rest } of updates) {
          const bucket = bucketOf(Buffer.from(owner));
          if (isLost) {
            await real.lose(bucket);
            model.lose(bucket);
          }
          const newest = states.slice(0, 1).map(({ order, attributes }) => ({
            ...stateAt(owner, 0, `${source++}`),
            attributes,
            order,
          }));
          const sent: BucketUpdate = { bucket, states: newest, ...rest };
          expect(await real.store.apply([sent])).toEqual(await model.apply([sent]));
        }
        for (const owner of ["a", "b"]) {
          const bucket = bucketOf(Buffer.from(owner));
          expect(await real.state(owner)).toEqual(model.state(bucket, owner));
          expect(await real.store.progress([bucket])).toEqual(await model.progress([bucket]));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("decides every tie by bytes as the model does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tiedAttributes, { minLength: 2, maxLength: 12 }), async (texts) => {
        const real = makeStore();
        const model = new MemoryStateStore();
        for (const [index, attributes] of texts.entries()) {
          const update = updateOf("bus", index + 1, [{ ...stateAt("bus", 0, `${index}`), attributes }]);
          expect(await real.store.apply([update])).toEqual(await model.apply([update]));
        }
        const greatest = texts.map((text) => Buffer.from(text)).reduce((a, b) => (a.compare(b) >= 0 ? a : b));
        const stored = await real.state("bus");
        expect(stored).toEqual(model.state(bucketOf(Buffer.from("bus")), "bus"));
        expect(stored?.attributes).toBe(greatest.toString());
        expect(stored?.source).toBe(`${texts.indexOf(greatest.toString())}/3/12`);
      }),
      { numRuns: 200 },
    );
  });

  test("takes attributes that are missing for less than any", async () => {
    const { store, state, keys } = makeStore();
    const update = updateOf("bus", 1, [stateAt("bus", 5, "whole")]);
    await store.apply([update]);
    await redis.hdel(keys.state("bus"), "attributes");
    expect(await store.apply([update])).toEqual([{ kind: "applied", written: 1 }]);
    expect(await state("bus")).toEqual(storedState(stateAt("bus", 5, "whole")));
  });

  test.each(["nan", "1e400", "0x10", "-1", "", "9".repeat(16)])(
    "takes a progress of %p for none, as we cannot have written it",
    async (text) => {
      const { store, keys } = makeStore();
      const update = { ...updateOf("bus", 20, []), expectedProgress: 10 };
      await redis.set(keys.progress(update.bucket), text);
      expect(await store.progress([update.bucket])).toEqual(new Map([[update.bucket, 0]]));
      expect(await store.apply([update])).toEqual([{ kind: "behind", stored: 0 }]);
    },
  );

  test("holds offsets exactly, far beyond 32 bits", async () => {
    const { store } = makeStore();
    const offset = 987_654_321_012_345;
    const update = updateOf("bus", offset, []);
    await store.apply([update]);
    expect(await store.apply([{ ...update, expectedProgress: offset }])).toEqual([
      { kind: "applied", written: 0 },
    ]);
    expect(await store.apply([{ ...update, expectedProgress: offset + 1 }])).toEqual([
      { kind: "behind", stored: offset },
    ]);
  });
});

describe("a Redis state store", () => {
  test("writes states that the local stack's nodes keep in their compact form", async () => {
    const { store, keys } = makeStore();
    const attributes = canonicalJson({ note: "x".repeat(400) });
    await store.apply([updateOf("bus", 1, [{ ...stateAt("bus", 5, "a source"), attributes }])]);
    expect(await redis.object("ENCODING", keys.state("bus"))).toBe("listpack");
  });

  test("knows the slot of a bucket's keys as the cluster does", async () => {
    const { keys } = makeStore();
    for (const bucket of [0, 7, 99, 255]) {
      expect(slotOfBucket(bucket)).toBe(await redis.cluster("KEYSLOT", keys.progress(bucket)));
    }
  });

  test("brings updates of all nodes to their places in one call", async () => {
    const { store } = makeStore();
    const updates = Array.from({ length: 256 }, (_, bucket) => ({
      bucket,
      expectedProgress: 0,
      progress: bucket + 1,
      states: [],
    }));
    const outcomes = await store.apply(updates);
    expect(outcomes).toHaveLength(256);
    const buckets = updates.map(({ bucket }) => bucket);
    expect(await store.progress(buckets)).toEqual(new Map(buckets.map((bucket) => [bucket, bucket + 1])));
  });

  test("finds the node itself where its map of the slots is wrong", async () => {
    const { store } = makeStore();
    const bucket = 3;
    const slot = slotOfBucket(bucket);
    const right = redis.slots[slot] as string[];
    const wrong = redis.slots.find((nodes) => nodes[0] !== right[0]) as string[];
    redis.slots[slot] = wrong;
    const update = { bucket, expectedProgress: 0, progress: 5, states: [] };
    const neighbour = { ...update, bucket: 4 };
    expect(await store.apply([update, neighbour])).toEqual([
      { kind: "applied", written: 0 },
      { kind: "applied", written: 0 },
    ]);
    expect(await store.progress([bucket])).toEqual(new Map([[bucket, 5]]));
  });

  test("works on where a node forgot the script, with several updates in one call", async () => {
    const { store } = makeStore();
    const updates = [1, 2, 3, 4].map((bucket) => ({ bucket, expectedProgress: 0, progress: 5, states: [] }));
    await store.apply(updates);
    await Promise.all(redis.nodes("master").map((node) => node.script("FLUSH")));
    const next = updates.map((update) => ({ ...update, expectedProgress: 5, progress: 6 }));
    expect(await store.apply(next)).toEqual(next.map(() => ({ kind: "applied", written: 0 })));
    expect(await store.progress([1, 2, 3, 4])).toEqual(new Map([1, 2, 3, 4].map((bucket) => [bucket, 6])));
  });

  test("goes on without a replica or does not, as was chosen, and tells of what none has", async () => {
    const update = updateOf("bus", 1, [stateAt("bus", 1, "")]);
    const isReplicated = (redis.slots[slotOfBucket(update.bucket)] ?? []).length > 1;
    const unprotected: number[] = [];
    const onUnprotected = (buckets: number): void => void unprotected.push(buckets);
    const healing = makeStore({ noReplica: "heal", replicaWaitMs: 500, onUnprotected }).store;
    expect(await healing.apply([update])).toEqual([{ kind: "applied", written: 1 }]);
    expect(unprotected).toEqual(isReplicated ? [] : [1]);
    const waiting = makeStore({ noReplica: "wait", replicaWaitMs: 500, onUnprotected }).store;
    const outcome = await waiting.apply([update]).catch((error: unknown) => error);
    if (isReplicated) expect(outcome).toEqual([{ kind: "applied", written: 1 }]);
    else expect(outcome).toMatchObject({ name: "StatesUnavailableError" });
    expect(unprotected).toEqual(isReplicated ? [] : [1]);
  });

  test("tells a cluster that does not answer from a fault of ours", async () => {
    const { fleet, keys, store } = makeStore();
    const update = updateOf("bus", 1, [stateAt("bus", 1, "")]);
    const nobody = connectRedis({ ...settings, nodes: [{ host: "127.0.0.1", port: 1 }] }, silentLogger);
    const away = new RedisStateStore({
      redis: nobody,
      fleet,
      logger: silentLogger,
      deadlineMs: 200,
      replicaWaitMs: 0,
      noReplica: "heal",
      onUnprotected: () => undefined,
    });
    await expect(away.progress([1])).rejects.toBeInstanceOf(StatesUnavailableError);
    await expect(away.apply([update])).rejects.toBeInstanceOf(StatesUnavailableError);
    nobody.disconnect();

    await redis.set(keys.state("bus"), "not a hash");
    await expect(store.apply([update])).rejects.toThrow("WRONGTYPE");
    await expect(store.apply([update])).rejects.not.toBeInstanceOf(StatesUnavailableError);
  });
});
