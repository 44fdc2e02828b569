// Which file is measured with.

import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateSample } from "@lastknown/producer";
import { say } from "../scripts/say.mjs";

const DEFAULT_FOLDER = fileURLToPath(new URL("../../shared/data", import.meta.url));
/** As many rows as the real file has, of as many users, so that figures are at least of the same kind. */
const SAMPLE = { users: 667, rows: 265_466, seed: 7 };

/**
 * The bike stations' file, or a made-up one in `folder`.
 * @returns {Promise<{ name: string, file: string, replayArguments: readonly string[] }>}
 */
export async function findDataSet(folder) {
  const dataFolder = process.env.LASTKNOWN_DATA ?? DEFAULT_FOLDER;
  const ecobici = join(dataFolder, "ecobici/station_status.csv.gz");
  if (existsSync(ecobici)) {
    const columns = ["--user-column", "station_id", "--time-column", "last_reported"];
    const replayArguments = [...columns, "--arrival-column", "fetched_at"];
    return { name: "ecobici", file: ecobici, replayArguments };
  }
  say(`NOTE: no ${ecobici} (LASTKNOWN_DATA): measuring with a made-up sample, whose figures do not compare`);
  const file = join(folder, "sample.csv");
  await writeFile(file, `${[...generateSample(SAMPLE)].join("\n")}\n`);
  return { name: "sample", file, replayArguments: [] };
}
