import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { writeDrainEvents } from "./drain-events.mjs";

interface Row {
  readonly user: string;
  readonly happened: string;
  readonly received: string;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lastknown-events-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(events: number, users: number): Promise<{ rows: Row[]; newest: Map<string, number> }> {
  const file = join(folder, "events.csv");
  const newest = await writeDrainEvents(file, { events, users });
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n").slice(1);
  const rows = lines.map((line) => {
    const [user, happened, received] = line.split(",") as [string, string, string];
    return { user, happened, received };
  });
  return { rows, newest };
}

function lateIn(rows: readonly Row[]): number {
  const newest = new Map<string, string>();
  let late = 0;
  for (const { user, happened } of rows) {
    if (happened < (newest.get(user) ?? "")) late++;
    else newest.set(user, happened);
  }
  return late;
}

it.each([
  [20_000, 1000],
  [20_000, 30],
  [20_000, 2500],
])("makes 74 %% of %d events of %d users late", async (events, users) => {
  const { rows } = await written(events, users);
  expect(rows).toHaveLength(events);
  expect(Math.abs(lateIn(rows) / events - 0.74)).toBeLessThan(0.015);
});

it("has users get newer all the time, also where they have few events", async () => {
  for (const users of [30, 2500, 10_000]) {
    const { rows } = await written(20_000, users);
    const seen = new Map<string, string>();
    const updates = Array.from({ length: 10 }, () => ({ newer: 0, all: 0 }));
    for (const [index, { user, happened }] of rows.entries()) {
      const before = seen.get(user);
      const tenth = updates[Math.floor(index / 2000)] as { newer: number; all: number };
      if (before !== undefined) {
        tenth.all++;
        if (happened > before) tenth.newer++;
      }
      if (before === undefined || happened > before) seen.set(user, happened);
    }
    const expected = users === 10_000 ? 0.1 : 0.2;
    for (const { newer, all } of updates) expect(Math.abs(newer / all - expected)).toBeLessThan(0.09);
  }
});

it("writes the same for the same size, and knows what is newest", async () => {
  const [first, again] = [await written(5000, 100), await written(5000, 100)];
  expect(again).toEqual(first);
  for (const [user, ms] of first.newest) {
    const times = first.rows.filter((row) => row.user === user).map(({ happened }) => Date.parse(happened));
    expect(Math.max(...times)).toBe(ms);
  }
});
