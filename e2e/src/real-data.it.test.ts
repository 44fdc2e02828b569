import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type QueryService, TestFleet } from "./harness/test-fleet.js";
import { printJudgement, recompute, type RecomputeOptions } from "./oracle/index.js";

// A minute on a machine of its own; others may be at work on this one.
jest.setTimeout(600_000);

const dataFolder =
  process.env["LASTKNOWN_DATA"] ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));

interface DataSet {
  readonly name: string;
  readonly file: string;
  readonly columns: Required<
    Pick<RecomputeOptions, "userColumn" | "timeColumn" | "arrivalColumn" | "timeUnit">
  >;
  /** As its read-me counts them. */
  readonly rows: number;
  readonly users: number;
}

const dataSets: readonly DataSet[] = [
  {
    name: "bike stations, polled hourly, of which two report 1970 and one row in five was sent before",
    file: "ecobici/station_status.csv.gz",
    columns: {
      userColumn: "station_id",
      timeColumn: "last_reported",
      arrivalColumn: "fetched_at",
      timeUnit: "s",
    },
    rows: 265_466,
    users: 667,
  },
  {
    name: "uplinks of radio devices, in ms, one received before it happened",
    file: "campusiot/uplinks.csv.gz",
    columns: {
      userColumn: "device_id",
      timeColumn: "reported_at",
      arrivalColumn: "archived_at",
      timeUnit: "ms",
    },
    rows: 56_971,
    users: 5,
  },
];

describe.each(dataSets)("real data: $name", ({ file, columns, rows, users }) => {
  const path = join(dataFolder, file);
  const present = existsSync(path);
  if (!present) process.stderr.write(`SKIPPED: no real data at ${path} (LASTKNOWN_DATA names the folder)\n`);
  const itReal = present ? it : it.skip;
  let fleet: TestFleet | undefined;
  let query: QueryService | undefined;

  beforeAll(async () => {
    if (!present) return;
    fleet = await TestFleet.create({ prefix: "real-data" });
    const [, , started] = await Promise.all([fleet.startWorker(), fleet.startWorker(), fleet.startQuery()]);
    query = started;
  });

  afterAll(async () => fleet?.close());

  itReal("is right for every row, entry, state and verdict, and for 2,000 as-of answers", async () => {
    if (fleet === undefined || query === undefined) throw new Error("the fleet did not start");
    const { arrivals } = recompute(path, columns);
    await fleet.replay(path, replayFlags(columns));
    await fleet.caughtUp(query);
    const { events, audit, deadLetters, states, answers } = await fleet.judge({
      expected: arrivals,
      doublesAllowed: false,
      answers: { baseUrl: query.baseUrl, questions: 2_000, pageItems: 1_000 },
    });
    const counted = (count: number): string => printJudgement({ checked: count, right: count, wrong: [] });
    const said = { events, deadLetters, states, ...answers };
    expect(
      Object.fromEntries(Object.entries(said).map(([name, one]) => [name, one && printJudgement(one)])),
    ).toEqual({
      events: counted(rows),
      deadLetters: counted(0),
      states: counted(users),
      history: counted(rows),
      latest: counted(users),
      asOf: counted(2_000),
    });
    // The copies of the schema and of the fleet record are judged beside the entries.
    expect(audit).toEqual({ checked: audit.checked, right: audit.checked, wrong: [] });
    expect(audit.checked).toBeGreaterThan(rows);
  });
});

function replayFlags({ userColumn, timeColumn, arrivalColumn, timeUnit }: DataSet["columns"]): string[] {
  const columns = ["--user-column", userColumn, "--time-column", timeColumn];
  return [...columns, "--arrival-column", arrivalColumn, "--time-unit", timeUnit];
}
