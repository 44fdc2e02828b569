import { describe, expect, it } from "@jest/globals";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { compareOrder, DEFAULT_MAX_FUTURE_SKEW, orderOf, parseIsoTime, type Order } from "@lastknown/shared";
import { parse } from "csv-parse/sync";
import { generateSample } from "./generate-sample.js";

const SAMPLE = { users: 50, rows: 10_000, seed: 7 };
const COMMITTED = { users: 20, rows: 2_000, seed: 7 };

interface Arrival {
  user: string;
  timeStamp: number;
  sts: number;
  /** All cells but sts, the time as an instant: what makes two rows one observation. */
  observation: string;
  line: string;
  cells: Record<string, string>;
}

describe("generateSample", () => {
  const lines = [...generateSample(SAMPLE)];
  const arrivals = arrivalsOf(lines);
  const byArrival = arrivals.toSorted((a, b) => a.sts - b.sts);

  it("gives the header and exactly the rows asked for", () => {
    expect(lines).toHaveLength(SAMPLE.rows + 1);
    expect([...generateSample({ users: 3, rows: 0, seed: 1 })]).toHaveLength(1);
    expect(new Set(arrivals.map((arrival) => arrival.user)).size).toBe(SAMPLE.users);
  });

  it("gives the same bytes for the same seed, on every platform and for ever", () => {
    const hash = createHash("sha256").update(lines.join("\n")).digest("hex");
    expect(hash).toBe("8c450ae1e2c628c5436ec3ec320b1c9ae47595da20f0f8eb11e5344cad4f07c9");
    expect([...generateSample({ ...SAMPLE, seed: 8 })]).not.toEqual(lines);
  });

  it("has three rows in four arrive older than what is stored for their user", () => {
    expect(shareLate(byArrival)).toBeGreaterThan(0.7);
    expect(shareLate(byArrival)).toBeLessThan(0.8);
    const committed = arrivalsOf([...generateSample(COMMITTED)]).toSorted((a, b) => a.sts - b.sts);
    expect(shareLate(committed)).toBeGreaterThan(0.7);
    expect(shareLate(committed)).toBeLessThan(0.8);
  });

  it("uploads backlogs newest first, hours late", () => {
    const hoursLate = arrivals.filter(({ sts, timeStamp }) => timeStamp > 1e15 && sts - timeStamp > 3600e6);
    expect(hoursLate.length / arrivals.length).toBeGreaterThan(0.25);
    let falling = 0;
    for (const own of groupByUser(byArrival).values()) {
      own.forEach((arrival, index) => {
        const next = own[index + 1];
        if (next !== undefined && next.timeStamp < arrival.timeStamp) falling++;
      });
    }
    expect(falling / arrivals.length).toBeGreaterThan(0.6);
  });

  it("sends a few per cent again with another sts, and some lines exactly again", () => {
    const linesSeen = new Set<string>();
    const observationsSeen = new Set<string>();
    let resent = 0;
    let exact = 0;
    for (const { line, observation } of byArrival) {
      if (linesSeen.has(line)) exact++;
      else if (observationsSeen.has(observation)) resent++;
      linesSeen.add(line);
      observationsSeen.add(observation);
    }
    expect(resent / arrivals.length).toBeGreaterThan(0.02);
    expect(resent / arrivals.length).toBeLessThan(0.06);
    expect(exact / arrivals.length).toBeGreaterThan(0.004);
    expect(exact / arrivals.length).toBeLessThan(0.02);
  });

  it("has ties of sts, for one user and for several", () => {
    const ties = byArrival.filter(({ sts, line }, index) => {
      const before = byArrival[index - 1];
      return before?.sts === sts && before.line !== line;
    });
    const sameUser = ties.filter((arrival) => {
      return byArrival.some(
        ({ sts, user, line }) => sts === arrival.sts && user === arrival.user && line !== arrival.line,
      );
    });
    expect(sameUser.length).toBeGreaterThan(50);
    expect(ties.length - sameUser.length).toBeGreaterThan(50);
  });

  it("mixes fractions of 3 to 6 digits, so that time does not sort as text", () => {
    for (const column of ["time_stamp", "sts"]) {
      const texts = arrivals.map((arrival) => arrival.cells[column] as string);
      const digits = new Set(texts.map((text) => /\.(\d+)/.exec(text)?.[1]?.length));
      expect(digits).toEqual(new Set([3, 4, 5, 6]));
    }
    const asText = arrivals.toSorted((a, b) => ((a.cells["sts"] ?? "") < (b.cells["sts"] ?? "") ? -1 : 1));
    expect(asText.map(({ sts }) => sts)).not.toEqual(byArrival.map(({ sts }) => sts));
  });

  it("has clocks ahead of the allowed skew, by days, behind, and at 1970", () => {
    const ahead = arrivals.filter(({ timeStamp, sts }) => timeStamp > sts + DEFAULT_MAX_FUTURE_SKEW);
    expect(ahead.length).toBeGreaterThan(40);
    expect(ahead.filter(({ timeStamp, sts }) => timeStamp > sts + 86_400e6).length).toBeGreaterThan(5);
    const unset = arrivals.filter(({ timeStamp }) => timeStamp < 10 * 86_400e6);
    expect(unset.length).toBeGreaterThan(100);
    const slow = arrivals.filter(({ user }) => user === "veh-011");
    expect(slow.every(({ timeStamp, sts }) => timeStamp < sts - 30 * 60e6)).toBe(true);
  });

  it("has numbers, whole numbers, booleans, text and ids with leading zeros, each with empty cells", () => {
    const cells = (column: string): string[] => arrivals.map((arrival) => arrival.cells[column] as string);
    expect(cells("speed").some((cell) => cell.endsWith(".5"))).toBe(true);
    expect(cells("odometer").every((cell) => /^\d+$/.test(cell))).toBe(true);
    expect(new Set(cells("ignition"))).toEqual(new Set(["true", "false", ""]));
    expect(cells("badge")).toContain("007");
    for (const column of ["latitude", "speed", "battery (%)", "driver", "badge"])
      expect(cells(column)).toContain("");
    for (const text of ["Müller, Jo", 'Ana "Speedy" Ruiz', "李雷"]) expect(cells("driver")).toContain(text);
  });

  it("has a column that is empty in the first half of the file and has values later", () => {
    const cargo = arrivals.map((arrival) => arrival.cells["cargo_temperature"] as string);
    expect(new Set(cargo.slice(0, SAMPLE.rows / 2))).toEqual(new Set([""]));
    expect(cargo.slice(SAMPLE.rows / 2).filter((cell) => cell !== "").length).toBeGreaterThan(1_000);
  });

  it("is shuffled in part, so that a replay has to order it", () => {
    const descents = arrivals.filter(({ sts }, index) => sts < (arrivals[index - 1]?.sts ?? 0)).length;
    expect(descents / arrivals.length).toBeGreaterThan(0.2);
  });

  it("refuses options that have no use", () => {
    expect(() => [...generateSample({ users: 0, rows: 1, seed: 1 })]).toThrow(/users/);
    expect(() => [...generateSample({ users: 1, rows: -1, seed: 1 })]).toThrow(/rows/);
    expect(() => [...generateSample({ users: 1, rows: 1, seed: 0.5 })]).toThrow(/seed/);
  });

  it("made the sample that is in the repository", () => {
    const committed = readFileSync(new URL("../../../sample/fleet.csv", import.meta.url));
    expect(committed.toString()).toBe(`${[...generateSample(COMMITTED)].join("\n")}\n`);
    expect(committed.length).toBeLessThanOrEqual(250_000);
  });
});

function arrivalsOf(lines: string[]): Arrival[] {
  const rows: Record<string, string>[] = parse(lines.join("\n"), { columns: true });
  return rows.map((cells, index) => {
    const timeStamp = instant(cells["time_stamp"] as string);
    const { sts, ...others } = cells;
    return {
      user: cells["device_id"] as string,
      timeStamp,
      sts: instant(sts as string),
      observation: JSON.stringify({ ...others, time_stamp: timeStamp }),
      line: lines[index + 1] as string,
      cells,
    };
  });
}

function instant(text: string): number {
  const time = parseIsoTime(text);
  if (time.kind !== "instant") throw new Error(`not an instant: ${text}`);
  return time.micros;
}

function groupByUser(arrivals: Arrival[]): Map<string, Arrival[]> {
  const groups = new Map<string, Arrival[]>();
  for (const arrival of arrivals) {
    const group = groups.get(arrival.user);
    if (group === undefined) groups.set(arrival.user, [arrival]);
    else group.push(arrival);
  }
  return groups;
}

function shareLate(byArrival: Arrival[]): number {
  const states = new Map<string, Order>();
  let late = 0;
  for (const arrival of byArrival) {
    const order = orderOf({ ...arrival, eventId: arrival.observation }, DEFAULT_MAX_FUTURE_SKEW);
    const state = states.get(arrival.user);
    if (state === undefined || compareOrder(order, state) > 0) states.set(arrival.user, order);
    else if (order.orderTime < state.orderTime) late++;
  }
  return late / byArrival.length;
}
