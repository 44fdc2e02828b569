import { describe, expect, it } from "@jest/globals";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { recompute } from "./recompute.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const dataFolder = process.env["LASTKNOWN_DATA"] ?? join(root, "../shared/data");
const ecobici = join(dataFolder, "ecobici/station_status.csv.gz");
const describeReal = existsSync(ecobici) ? describe : describe.skip;
if (!existsSync(ecobici)) process.stderr.write(`SKIPPED: no real data at ${dataFolder} (LASTKNOWN_DATA)\n`);

describeReal("recompute on real data", () => {
  it("reads the bike stations whole, with the rows, users and repeats that their read-me counts", () => {
    const options = { userColumn: "station_id", timeColumn: "last_reported", arrivalColumn: "fetched_at" };
    const { arrivals, rejected, timelines } = recompute(ecobici, { ...options, timeUnit: "s" });
    expect([arrivals.length, rejected.length, timelines.size]).toEqual([265_466, 0, 667]);
    const distinct = [...timelines.values()].map(({ arrivals: own }) => {
      return new Set(own.map(({ arrival }) => arrival.timeStamp)).size;
    });
    expect(arrivals.length - distinct.reduce((sum, count) => sum + count, 0)).toBe(51_823);
  }, 60_000);

  it("reads the uplinks, of which one arrives before it happened and 27 are out of order", () => {
    const options = { userColumn: "device_id", timeColumn: "reported_at", arrivalColumn: "archived_at" };
    const { arrivals, timelines } = recompute(join(dataFolder, "campusiot/uplinks.csv.gz"), options);
    expect([arrivals.length, timelines.size]).toEqual([56_971, 5]);
    expect(arrivals.filter(({ sts, timeStamp }) => sts < timeStamp)).toHaveLength(1);
    const judged = [...timelines.values()].flatMap((timeline) => timeline.arrivals);
    expect(judged.filter(({ verdict }) => verdict === "stale")).toHaveLength(27);
  }, 60_000);
});
