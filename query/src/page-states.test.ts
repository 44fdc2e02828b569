import { expect, test } from "@jest/globals";
import { snapshotForTest } from "./status/snapshot-for-test.js";
import type { PartitionStatus, StatusSnapshot } from "./status/status-snapshot.js";

interface Tile {
  readonly name: string;
  readonly figure: (snapshot: StatusSnapshot) => string;
  readonly state: (snapshot: StatusSnapshot) => string;
}

// What the page consists of has no types.
const page = async (file: string): Promise<unknown> =>
  await import(new URL(`../page/${file}`, import.meta.url).href);

const UNKNOWN_LAG = { records: null, seconds: null, lookedSecondsAgo: null, partitions: [] };
const UNKNOWN = snapshotForTest({
  rates: { inPerSecond: null, outPerSecond: null, viewPerSecond: null },
  lag: UNKNOWN_LAG,
  members: null,
  view: { ...snapshotForTest().view, lagRecords: null, lagSeconds: null },
  deadLetters: { kept: null, inLastMinute: null },
});

test("no tile of the page shows as well what is not known: it has a dash", async () => {
  const { TILES } = (await page("tiles.js")) as { TILES: readonly Tile[] };
  const told = (snapshot: StatusSnapshot) =>
    TILES.map(({ name, figure, state }) => [name, state(snapshot), figure(snapshot).startsWith("–")]);
  // Nothing arrived, and both servers answer: that is known.
  const isKnown = (name: string): boolean => name === "Servers" || name.startsWith("Fresh");
  expect(told(UNKNOWN).filter(([name]) => !isKnown(String(name)))).toEqual(
    ["In", "Out", "Behind", "View", "Workers", "Dead letters"].map((name) => [name, "unknown", true]),
  );
  const known = told(
    snapshotForTest({ members: [{ memberId: "a", clientId: "a", host: "a", partitions: [] }] }),
  );
  expect(known.filter(([, state]) => state !== "well")).toEqual([]);
});

test("no row of the page's table shows as well a partition whose lag is not known", async () => {
  const { stateOf } = (await page("lag-table.js")) as {
    stateOf: (status: Pick<PartitionStatus, "lagRecords" | "lagSeconds">, budgetSeconds: number) => string;
  };
  const states = [
    [null, null, "unknown"],
    [3, null, "unknown"],
    [3, 1, "waits"],
    [3, 5, "late"],
    [0, 0, "well"],
  ] as const;
  for (const [lagRecords, lagSeconds, state] of states)
    expect([lagRecords, stateOf({ lagRecords, lagSeconds }, 2)]).toEqual([lagRecords, state]);
});
