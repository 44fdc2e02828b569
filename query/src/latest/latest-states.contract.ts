import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { UserState } from "../answers/user-state.js";
import type { LatestStates } from "./latest-states.js";

export interface LatestStatesUnderTest {
  readonly states: LatestStates;
  /** Puts a state there as a worker would. */
  put(state: UserState): Promise<void>;
  /** Puts the progress of this user's bucket there. */
  putProgress(user: string, progress: number): Promise<void>;
  close(): Promise<void>;
}

/** What every store of latest states does. */
export function describeLatestStates(name: string, make: () => Promise<LatestStatesUnderTest>): void {
  describe(name, () => {
    let store: LatestStatesUnderTest;

    beforeAll(async () => {
      store = await make();
    });
    afterAll(() => store.close());

    test("tells that it knows neither state nor progress", async () => {
      expect(await store.states.read("nobody at all")).toEqual({ state: undefined, progress: undefined });
    });

    test("tells progress where there is no state", async () => {
      await store.putProgress("absent", 0);
      expect(await store.states.read("absent")).toEqual({ state: undefined, progress: 0 });
    });

    test.each(["a/b", "{}", "{7}", "}{", "..", "bus\n7", "\u{1f68c}", "x".repeat(256), "a:user:b"])(
      "gives back the state of %j",
      async (user) => {
        const state = stateOf(user);
        await store.put(state);
        await store.putProgress(user, 2 ** 40);
        const read = await store.states.read(user);
        expect(read.progress).toBe(2 ** 40);
        expect(JSON.stringify(read.state)).toBe(JSON.stringify(state));
      },
    );

    test("can be asked", async () => {
      await expect(store.states.probe()).resolves.toBeUndefined();
    });
  });
}

function stateOf(user: string): UserState {
  const attributes = Object.assign(Object.create(null) as object, {
    ["__proto__"]: "kept",
    "battery (%)": 1e-7,
    flag: false,
    text: "é\u{1f68c}\n",
  }) as UserState["attributes"];
  const times = { timeStamp: -1_000_001, sts: 1_710_000_000_123_456 };
  const source = { topic: "fleet.with/slash.events", partition: 3, offset: 2 ** 41 };
  return { user, ...times, attributes, eventId: "0123456789abcdef".repeat(2), orderTime: -1_000_001, source };
}
