import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RecomputeOptions } from "./oracle/index.js";

/** A real export, which the project does not copy. */
export interface DataSet {
  readonly name: string;
  readonly file: string;
  readonly columns: Required<
    Pick<RecomputeOptions, "userColumn" | "timeColumn" | "arrivalColumn" | "timeUnit">
  >;
  /** As its read-me counts them. */
  readonly rows: number;
  readonly users: number;
}

export const BIKE_STATIONS: DataSet = {
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
};

export const UPLINKS: DataSet = {
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
};

const dataFolder =
  process.env["LASTKNOWN_DATA"] ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));

/** Where the data set lies, and whether it is there; says on standard error if it is not. */
export function locate({ file }: DataSet): { readonly path: string; readonly present: boolean } {
  const path = join(dataFolder, file);
  const present = existsSync(path);
  if (!present) process.stderr.write(`SKIPPED: no real data at ${path} (LASTKNOWN_DATA names the folder)\n`);
  return { path, present };
}

/** How `replay` is told the data set's columns. */
export function replayFlags({ columns }: DataSet): string[] {
  const { userColumn, timeColumn, arrivalColumn, timeUnit } = columns;
  const names = ["--user-column", userColumn, "--time-column", timeColumn, "--arrival-column", arrivalColumn];
  return [...names, "--time-unit", timeUnit];
}
