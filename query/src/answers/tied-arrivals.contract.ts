import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { canonicalJson, evolveEventSchema, newFleetRecord } from "@lastknown/shared";
import fc from "fast-check";
import {
  arrivalFor,
  batchOf,
  TEST_SCHEMA,
  TEST_SCHEMA_ID,
  TEST_SKEW,
  type ArrivalFacts,
} from "../view/arrival-for-test.js";
import type { StoreUnderTest } from "../view/view-store.contract.js";
import type { ViewStore } from "../view/view-store.js";
import type { Moment } from "./newest-arrival.js";
import { UnreadableArrivalError, type UserState } from "./user-state.js";
import { ViewAnswers } from "./view-answers.js";

/** A busy machine takes its time. */
jest.setTimeout(30_000);

const FLEET = newFleetRecord(1, TEST_SKEW);
const SCHEMAS = [{ schemaId: TEST_SCHEMA_ID, text: TEST_SCHEMA.text }];

/** How ties are answered from any ViewStore; `make` gives an empty one for a fleet whose max_future_skew is 10 µs. */
export function describeTiedArrivals(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`arrivals of equal order, in ${name}`, () => {
    let store: ViewStore;
    let remove: () => Promise<void>;
    let answers: ViewAnswers;

    beforeAll(async () => {
      ({ store, remove } = await make());
      answers = new ViewAnswers({ store, fleet: FLEET, eventsTopic: "f.events" });
    });
    afterAll(() => remove());

    const fold = (facts: readonly ArrivalFacts[]): void => {
      store.clear();
      store.fold({ ...batchOf(facts.map(arrivalFor)), schemas: SCHEMAS });
    };
    const winnerAt = async (moment: Moment): Promise<{ gateway: unknown; offset: number } | string> => {
      const state = await answers.state("a", moment);
      if (typeof state === "string") return state;
      return { gateway: state.attributes["gateway"], offset: state.source.offset };
    };

    test("are won by the greatest attributes, and of equal ones by the first received", async () => {
      const tied = { user: "a", timeStamp: 5, sts: 3 };
      fold([
        { ...tied, offset: 0, gateway: "\uff5e" },
        { ...tied, offset: 1, gateway: "\u{1f600}" },
        { ...tied, offset: 2, gateway: "z" },
        { ...tied, offset: 3, gateway: "\u{1f600}" },
        { user: "a", timeStamp: 4, sts: 3, offset: 4, gateway: "\u{10ffff}" },
        { user: "a", timeStamp: 6, sts: 9, offset: 5, gateway: "" },
      ]);
      const winner = { gateway: "\u{1f600}", offset: 1 };
      expect(await winnerAt({ at: 5 })).toEqual(winner);
      expect(await winnerAt({ knownAt: 3 })).toEqual(winner);
      expect(await winnerAt({ at: 5, knownAt: 8 })).toEqual(winner);
      expect(await winnerAt({})).toEqual({ gateway: "", offset: 5 });
      expect(await winnerAt({ at: 4 })).toEqual({ gateway: "\u{10ffff}", offset: 4 });
      expect(await winnerAt({ knownAt: 2 })).toBe("no-state-yet");
    });

    test("are found however many copies stand between them", async () => {
      const tied = { user: "a", timeStamp: 5, sts: 3 };
      const copies = Array.from({ length: 1_200 }, (_, offset) => ({ ...tied, offset, gateway: "north" }));
      fold([
        ...copies,
        { ...tied, offset: 1_200, gateway: "south" },
        { ...tied, offset: 1_201, gateway: "east" },
      ]);
      expect(await winnerAt({})).toEqual({ gateway: "south", offset: 1_200 });
    });

    test("are explained: which lost by its attributes, and which is the same again", async () => {
      const tied = { user: "a", timeStamp: 5, sts: 3 };
      fold([
        { ...tied, offset: 0, gateway: "north" },
        { ...tied, offset: 1, gateway: "south" },
        { ...tied, offset: 2, gateway: "south" },
        { ...tied, offset: 3, gateway: "east" },
        ...[4, 5, 6, 7, 8, 9].map((offset) => ({
          user: "a",
          timeStamp: 4 - offset,
          sts: 3,
          offset,
          letter: "b",
        })),
      ]);
      const explanation = await answers.explain({ user: "a", moment: {}, limit: 5 });
      if (typeof explanation === "string") throw new Error(explanation);
      const { winner, lost } = explanation;
      expect([winner.source.offset, winner.attributes["gateway"], winner.verdict]).toEqual([
        1,
        "south",
        "duplicate",
      ]);
      const said = lost.map(({ state, reasons }) => [
        state.source.offset,
        ...reasons.map(({ code }) => code),
      ]);
      expect(said.slice(0, 4)).toEqual([
        [0, "tie_broken_by_attributes"],
        [2, "same_observation", "arrived_late"],
        [3, "tie_broken_by_attributes", "arrived_late"],
        [4, "older", "arrived_late"],
      ]);
      expect(lost[0]?.reasons[0]?.text).toContain("its attributes are the lesser");
    });

    test("leave the verdicts as they are: each but the first is a duplicate", async () => {
      const tied = { user: "a", timeStamp: 5, sts: 3 };
      fold([
        { ...tied, offset: 0, gateway: "north" },
        { ...tied, offset: 1, gateway: "south" },
        { ...tied, offset: 2, gateway: "east" },
        { user: "a", timeStamp: 6, sts: 3, offset: 3, letter: "b" },
        { ...tied, offset: 4, gateway: "zone" },
      ]);
      const page = answers.history({ user: "a", limit: 10 });
      if (typeof page === "string") throw new Error(page);
      expect(page.items.map(({ verdict, repeated }) => [verdict, repeated])).toEqual([
        ["applied", false],
        ["duplicate", true],
        ["duplicate", true],
        ["applied", false],
        ["duplicate", true],
      ]);
      await expect(winnerAt({ at: 5 })).resolves.toEqual({ gateway: "zone", offset: 4 });
    });

    test("are told apart by what they say, not by how it is encoded", async () => {
      const textWith = (...headers: string[]): string =>
        evolveEventSchema(
          undefined,
          headers.map((header) => ({ header, type: "string" })),
        ).text;
      const schemas = [
        ...SCHEMAS,
        { schemaId: 12, text: textWith("letter", "gateway", "more") },
        { schemaId: 13, text: textWith("letter", "relay") },
      ];
      const first = arrivalFor({ user: "a", offset: 0, gateway: "north" });
      // The wider schema's body ends with the index of null, which the default puts first.
      const sameInWider = {
        ...first,
        offset: 1,
        schemaId: 12,
        body: Buffer.concat([first.body, Buffer.from([0])]),
      };
      store.clear();
      store.fold({ ...batchOf([first, sameInWider]), schemas });
      expect(await winnerAt({})).toEqual({ gateway: "north", offset: 0 });
      store.fold({ ...batchOf([{ ...first, offset: 2, schemaId: 13 }]), schemas });
      const state = await answers.state("a", {});
      expect(state).toMatchObject({ attributes: { letter: "a", relay: "north" }, source: { offset: 2 } });
    });

    test("are not guessed at where one of them cannot be read", async () => {
      store.clear();
      const north = arrivalFor({ user: "a", offset: 0, gateway: "north" });
      const south = arrivalFor({ user: "a", offset: 1, gateway: "south" });
      store.fold({ ...batchOf([north, { ...south, schemaId: 99 }]), schemas: SCHEMAS });
      await expect(answers.state("a", {})).rejects.toBeInstanceOf(UnreadableArrivalError);
    });

    test("give one answer in any order of source offsets and of folding, at any moment", async () => {
      await fc.assert(
        fc.asyncProperty(tiedRows, fc.integer({ min: 1, max: 5 }), async ([sent, again], rowsPerBatch) => {
          const lists: (string | undefined)[][] = [];
          for (const rows of [sent, again]) {
            store.clear();
            // The audit has them in another order than the source, as compaction leaves it.
            const folded = rows.map((row, offset) => arrivalFor({ ...row, offset })).reverse();
            for (let first = 0; first < folded.length; first += rowsPerBatch)
              store.fold({ ...batchOf(folded.slice(first, first + rowsPerBatch)), schemas: SCHEMAS });
            const found = await Promise.all(MOMENTS.map((moment) => answers.state("a", moment)));
            lists.push(found.map((state) => (typeof state === "string" ? undefined : textOf(state))));
            expect(
              found.map((state) => (typeof state === "string" ? undefined : state.source.offset)),
            ).toEqual(MOMENTS.map((moment) => expectedOffset(rows, moment)));
          }
          expect(lists[1]).toEqual(lists[0]);
        }),
        { numRuns: 100 },
      );
    });
  });
}

const MOMENTS: readonly Moment[] = [
  {},
  ...[-1, 0, 1].flatMap((time) => [
    { at: time },
    { knownAt: time },
    ...[-1, 0, 1].map((knownAt) => ({ at: time, knownAt })),
  ]),
];

type Row = Required<Pick<ArrivalFacts, "user" | "timeStamp" | "sts" | "letter" | "gateway">>;

/** Rows of which most share an order with another, and the same rows in another order. */
const tiedRows: fc.Arbitrary<[Row[], Row[]]> = fc
  .array(
    fc.record({
      user: fc.constant("a"),
      timeStamp: fc.integer({ min: 0, max: 1 }),
      sts: fc.integer({ min: 0, max: 1 }),
      letter: fc.constantFrom("a", "b"),
      gateway: fc.constantFrom("", "a", "é", "\ue000", "\uffff", "\u{10000}", "\u{1f600}"),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .chain((rows) =>
    fc.tuple(
      fc.constant(rows),
      fc.shuffledSubarray(rows, { minLength: rows.length, maxLength: rows.length }),
    ),
  );

/** By looking at all rows anew: the offset of the newest, of equal ones the lowest. */
function expectedOffset(rows: readonly Row[], { at, knownAt }: Moment): number | undefined {
  const [newest] = rows
    .map((row, offset) => ({ ...row, offset }))
    .filter(({ timeStamp }) => at === undefined || timeStamp <= at)
    .filter(({ sts }) => knownAt === undefined || sts <= knownAt)
    .sort((a, b) => {
      const byTimes = b.timeStamp - a.timeStamp || b.sts - a.sts;
      const byEventId = b.letter.charCodeAt(0) - a.letter.charCodeAt(0);
      return byTimes || byEventId || attributeBytes(b).compare(attributeBytes(a)) || a.offset - b.offset;
    });
  return newest?.offset;
}

function attributeBytes({ letter, gateway }: Row): Buffer {
  return Buffer.from(canonicalJson({ letter, gateway }));
}

/** The whole state but its source. */
function textOf({ source: _source, ...state }: UserState): string {
  return JSON.stringify(state);
}
