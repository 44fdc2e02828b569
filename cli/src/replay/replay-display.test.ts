import { Writable } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import type { ReplayProgress, ReplaySummary } from "@lastknown/producer";
import { reportLines } from "./print-report.js";
import { createProgressDisplay, progressText } from "./progress-display.js";

const publishing: ReplayProgress = {
  phase: "publishing",
  bytesRead: 100,
  bytesTotal: 100,
  rows: 10_000,
  rowsTotal: 10_000,
  published: 5000,
  rejected: 0,
  driftP99Ms: 4.1,
};

function streamTo(texts: string[], isTTY: boolean) {
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      texts.push(chunk.toString());
      done();
    },
  });
  return Object.assign(stream, { isTTY });
}

describe("progress", () => {
  test("tells phase, share, rate, drift and what is left", () => {
    expect(progressText(publishing, 5000)).toBe(
      "publishing  [############            ]  5,000 of 10,000 rows  1,000/s  drift 4.1 ms  5.00 s left",
    );
    const endless = { ...publishing, rowsTotal: undefined, driftP99Ms: undefined, rejected: 2 };
    expect(progressText(endless, 5000)).toBe("publishing  5,000 rows  1,000/s  2 rejected");
    expect(progressText({ ...publishing, phase: "reading", bytesRead: 25 }, 1000)).toBe(
      "reading  [######                  ]  10,000 rows  drift 4.1 ms  3.00 s left",
    );
  });

  test.each([
    ["auto", true, "\r\u001b[K", ""],
    ["auto", false, undefined, ""],
    ["plain", true, "", "\n"],
    ["plain", false, "", "\n"],
    ["none", true, undefined, ""],
  ] as const)("--progress %s, on a terminal: %s", (mode, isTTY, before, after) => {
    const texts: string[] = [];
    createProgressDisplay(streamTo(texts, isTTY), mode, () => 0).show(publishing);
    expect(texts.join("")).toBe(before === undefined ? "" : before + progressText(publishing, 0) + after);
  });

  test("as plain lines comes every five seconds at most", () => {
    const texts: string[] = [];
    let nowMs = 0;
    const display = createProgressDisplay(streamTo(texts, false), "plain", () => nowMs);
    for (; nowMs <= 11_000; nowMs += 250) display.show(publishing);
    expect(texts).toHaveLength(3);
  });
});

const summary: ReplaySummary = {
  file: "x.csv",
  dryRun: false,
  interrupted: false,
  rows: 100,
  outsideWindow: 0,
  resumed: 0,
  published: 98,
  turns: 1,
  users: 1,
  late: 70,
  duplicates: 1,
  ties: 2,
  countsExact: true,
  rejected: 2,
  rejectedByReason: { ragged: 2 },
  rejectedExamples: [{ line: 7, reason: "ragged", detail: "3 fields\nwhere the header has 4" }],
  truncatedFractions: 1,
  columns: { user: "car", time: "when", arrival: null, types: {}, looksLikeSendingTime: ["polled"] },
  firstSts: "2024-01-01T00:00:00.000000Z",
  lastSts: "2024-01-02T00:00:00.000000Z",
  drift: { p50: 1, p99: 2, max: 3 },
  startedAt: "2024-01-01T00:00:00.000000Z",
  startedAtSts: "2024-01-01T00:00:00.000000Z",
  readSeconds: 1,
  publishSeconds: 2,
  rowsPerSecond: 49,
  spilledBytes: 0,
  schemaId: 1,
  exitCode: 3,
};

describe("the report of a replay", () => {
  test("tells what was found and done, and what the reader may not expect", () => {
    expect(reportLines(summary)).toEqual([
      "replayed 98 of 100 rows in 2.00 s, 49 rows/s",
      "1 user, 70 late, 1 duplicate, 2 ties of sts, 2 rejected",
      "drift, acknowledged minus planned: p50 1.0 ms, p99 2.0 ms, max 3.0 ms",
      "columns: user car, time when",
      "there is no arrival column: sts = time_stamp, so nothing can be late",
      "received from 2024-01-01T00:00:00.000000Z to 2024-01-02T00:00:00.000000Z",
      "polled looks like a time of sending: if so, give --not-identity polled",
      "1 time had more than six fraction digits, which were cut",
      "rejected: ragged 2",
      "  line 7: ragged: 3 fields\\u000awhere the header has 4",
    ]);
  });

  test("says so where it only looked, was stopped, went on from before, or counted at least", () => {
    expect(reportLines({ ...summary, dryRun: true })[0]).toBe("dry run: 100 rows read, nothing sent");
    expect(reportLines({ ...summary, interrupted: true })[0]).toMatch(/^stopped after 98 of 100 rows/);
    expect(reportLines({ ...summary, resumed: 10 })[0]).toContain("(10 were done before)");
    const turns = { rows: 4, published: 12, turns: 3 };
    expect(reportLines({ ...summary, ...turns })[0]).toMatch(
      /^replayed 12 of 12 rows \(3 turns of 4 rows\) in/,
    );
    expect(reportLines({ ...summary, ...turns, published: 5, resumed: 7 })[0]).toMatch(
      /^replayed 5 of 12 rows \(3 turns of 4 rows; 7 were done before\) in/,
    );
    expect(reportLines({ ...summary, countsExact: false })[1]).toContain("at least");
  });
});
