import { beforeEach, describe, expect, test } from "@jest/globals";
import { bucketOf, type EventId } from "@lastknown/shared";
import {
  storedState,
  type BucketUpdate,
  type NewestState,
  type RebuildCall,
  type StateStore,
  type StoredState,
} from "./state-store.js";

export interface StateStoreUnderTest {
  readonly store: StateStore;
  /** The user's state as it stands in the store. */
  readonly state: (user: string) => Promise<StoredState | undefined>;
  /** Loses all of a bucket, as a node that was emptied does. */
  readonly lose: (bucket: number) => Promise<void>;
}

/** Texts of which the second is the greater by its bytes. */
const TIED_ATTRIBUTES: readonly [whatDecides: string, less: string, greater: string][] = [
  ["a letter", '{"gateway":"north"}', '{"gateway":"south"}'],
  ["a letter's case, which a locale puts last", '{"gateway":"South"}', '{"gateway":"north"}'],
  ["an accent, which a locale puts among the letters", '{"gateway":"zone"}', '{"gateway":"été"}'],
  ["a character beyond the BMP", '{"gateway":"\uff5e"}', '{"gateway":"\u{1f600}"}'],
  ["the first character beyond the BMP", '{"gateway":"\ue000"}', '{"gateway":"\u{10000}"}'],
  ["a number's first digit", '{"gateway":10}', '{"gateway":9}'],
  ["an absent column", '{"gateway":1}', "{}"],
  ["a column more", '{"gateway":1,"z":1}', '{"gateway":1}'],
  ["the last of many", `{"long":"${"a".repeat(100_000)}"}`, `{"long":"${"a".repeat(99_999)}b"}`],
];

/** What every store of states must do, in memory and in a Redis Cluster. */
export function describeStateStore(name: string, make: () => StateStoreUnderTest): void {
  describe(`${name} as a state store`, () => {
    let under: StateStoreUnderTest;
    let store: StateStore;
    beforeEach(() => {
      under = make();
      store = under.store;
    });

    test("keeps the newest state of a user, whatever comes after it", async () => {
      await store.apply([updateOf("bus", 1, [stateAt("bus", 5, "new")])]);
      expect(await store.apply([updateOf("bus", 2, [stateAt("bus", 4, "old")])])).toEqual([
        { kind: "applied", written: 0 },
      ]);
      expect(await under.state("bus")).toEqual(storedState(stateAt("bus", 5, "new")));
      expect(await store.apply([updateOf("bus", 3, [stateAt("bus", 6, "newer")])])).toEqual([
        { kind: "applied", written: 1 },
      ]);
      expect(await under.state("bus")).toEqual(storedState(stateAt("bus", 6, "newer")));
    });

    test("leaves the state as it is where the same order comes again with the same attributes", async () => {
      await store.apply([updateOf("bus", 1, [stateAt("bus", 5, "first arrival")])]);
      expect(await store.apply([updateOf("bus", 2, [stateAt("bus", 5, "second arrival")])])).toEqual([
        { kind: "applied", written: 0 },
      ]);
      expect(await under.state("bus")).toEqual(storedState(stateAt("bus", 5, "first arrival")));
    });

    test.each(TIED_ATTRIBUTES)("keeps the greater of tied attributes: %s", async (_what, less, greater) => {
      const [loser, winner] = [less, greater].map((attributes) => {
        return { ...stateAt("bus", 5, "a source"), attributes };
      }) as [NewestState, NewestState];
      await store.apply([updateOf("bus", 1, [loser])]);
      expect(await store.apply([updateOf("bus", 2, [winner])])).toEqual([{ kind: "applied", written: 1 }]);
      expect(await under.state("bus")).toEqual(storedState(winner));
      expect(await store.apply([updateOf("bus", 3, [loser])])).toEqual([{ kind: "applied", written: 0 }]);
      expect(await under.state("bus")).toEqual(storedState(winner));
    });

    test("asks for attributes only where orders are equal", async () => {
      const greatest = { ...stateAt("bus", 4, "old"), attributes: '{"z":1}' };
      await store.apply([updateOf("bus", 1, [stateAt("bus", 5, "new")])]);
      await store.apply([updateOf("bus", 2, [greatest])]);
      expect(await under.state("bus")).toEqual(storedState(stateAt("bus", 5, "new")));
    });

    test("keeps a legal id as it is, and the times before 1970 in their order", async () => {
      const user = 'a/{7}:..\n"\u{1f68c}';
      await store.apply([updateOf(user, 1, [stateAt(user, -2, "old")])]);
      await store.apply([updateOf(user, 2, [stateAt(user, -1, "new")])]);
      expect(await under.state(user)).toEqual(storedState(stateAt(user, -1, "new")));
    });

    test("moves the progress of each bucket, and never back", async () => {
      const [one, other] = [bucketOf(Buffer.from("bus")), bucketOf(Buffer.from("tram"))];
      await store.apply([updateOf("bus", 7, []), updateOf("tram", 9, [])]);
      await store.apply([updateOf("bus", 10, []), updateOf("tram", 8, [])]);
      expect(await store.progress([one, other, 255])).toEqual(
        new Map([
          [one, 10],
          [other, 9],
          [255, 0],
        ]),
      );
    });

    test("changes nothing where it has less progress than was acknowledged", async () => {
      const bucket = bucketOf(Buffer.from("bus"));
      await store.apply([updateOf("bus", 100, [stateAt("bus", 1, "lost")])]);
      await under.lose(bucket);
      const update = { ...updateOf("bus", 120, [stateAt("bus", 2, "new")]), expectedProgress: 100 };
      expect(await store.apply([update])).toEqual([{ kind: "behind", stored: 0 }]);
      expect(await under.state("bus")).toBeUndefined();
      await store.apply([updateOf("bus", 99, [])]);
      expect(await store.apply([update])).toEqual([{ kind: "behind", stored: 99 }]);
      await store.apply([updateOf("bus", 100, [])]);
      expect(await store.apply([update])).toEqual([{ kind: "applied", written: 1 }]);
      expect(await store.progress([bucket])).toEqual(new Map([[bucket, 120]]));
    });

    test("rebuilds a bucket call by call, and moves its progress by the last one alone", async () => {
      const bucket = bucketOf(Buffer.from("bus"));
      await store.apply([updateOf("bus", 3, [stateAt("bus", 2, "kept")])]);
      const steps: [Partial<RebuildCall>, written: number][] = [
        [{ callsBefore: 0, states: [stateAt("bus", 1, "older")] }, 0],
        [{ callsBefore: 1, states: [stateAt("bus", 5, "newest")] }, 1],
        // The answer was lost, so the call is made again.
        [{ callsBefore: 1, states: [stateAt("bus", 5, "newest")] }, 0],
        [{ callsBefore: 2, states: [stateAt("bus", 4, "old")] }, 0],
      ];
      for (const [step, written] of steps) {
        expect(await store.rebuild([rebuildOf("bus", step)])).toEqual([{ kind: "applied", written }]);
        expect(await store.progress([bucket])).toEqual(new Map([[bucket, 3]]));
      }
      const last = rebuildOf("bus", { callsBefore: 3, progress: 50 });
      for (let time = 0; time < 2; time++)
        expect(await store.rebuild([last])).toEqual([{ kind: "applied", written: 0 }]);
      expect(await under.state("bus")).toEqual(storedState(stateAt("bus", 5, "newest")));
      expect(await store.progress([bucket])).toEqual(new Map([[bucket, 50]]));
    });

    test("changes nothing where calls of the rebuild are lost, or another rebuild has begun since", async () => {
      const bucket = bucketOf(Buffer.from("bus"));
      await store.rebuild([rebuildOf("bus", { states: [stateAt("bus", 5, "lost")] })]);
      await under.lose(bucket);
      const next = rebuildOf("bus", { callsBefore: 1, states: [stateAt("bus", 2, "next")] });
      expect(await store.rebuild([next])).toEqual([{ kind: "behind", stored: 0 }]);
      const last = rebuildOf("bus", { callsBefore: 1, progress: 50 });
      expect(await store.rebuild([last])).toEqual([{ kind: "behind", stored: 0 }]);
      expect(await under.state("bus")).toBeUndefined();

      await store.rebuild([rebuildOf("bus", {}), rebuildOf("bus", { rebuild: "another" })]);
      expect(await store.rebuild([next])).toEqual([{ kind: "behind", stored: 0 }]);
      expect(await store.progress([bucket])).toEqual(new Map([[bucket, 0]]));
    });

    test("leaves a bucket as it is that has the progress of a rebuild's end already", async () => {
      await store.apply([updateOf("bus", 60, [])]);
      const last = rebuildOf("bus", { callsBefore: 9, progress: 50, states: [stateAt("bus", 1, "late")] });
      expect(await store.rebuild([last])).toEqual([{ kind: "applied", written: 0 }]);
      expect(await under.state("bus")).toBeUndefined();
    });
  });
}

/** A rebuild's first call, without a state. */
function rebuildOf(user: string, step: Partial<RebuildCall>): RebuildCall {
  const bucket = bucketOf(Buffer.from(user));
  return { bucket, rebuild: "a rebuild", callsBefore: 0, progress: undefined, states: [], ...step };
}

/** An update that expects nothing. */
export function updateOf(user: string, progress: number, states: NewestState[]): BucketUpdate {
  return { bucket: bucketOf(Buffer.from(user)), expectedProgress: 0, progress, states };
}

/** A state that is the newer, the greater its second. */
export function stateAt(user: string, second: number, topic: string): NewestState {
  const time = second * 1_000_000;
  const eventId: EventId = "0123456789abcdef".repeat(2);
  return {
    user,
    order: { orderTime: time, sts: time, timeStamp: time, eventId },
    attributes: "{}",
    source: { topic, partition: 3, offset: 12 },
  };
}
