import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { readMetric } from "../../faults/read-metrics.js";
import { sampleFile } from "../../faults/sample-file.js";
import { type QueryService, TestFleet } from "../../harness/test-fleet.js";
import { waitUntil } from "../../harness/wait-until.js";
import { complaintsAbout, recompute } from "../../oracle/index.js";
import { canBeMade } from "../cannot-be-made.js";
import { SmallDisk } from "./small-disk.js";

jest.setTimeout(240_000);

const BOUND = { boundMs: 60_000 };
const DISK_BYTES = 48 * 1024 * 1024;
const UNWRITABLE = 'lastknown_view_state{state="unwritable"}';

const PROBE_BYTES = 1024 * 1024;
const itWithDisks = (await canBeMade(
  () => SmallDisk.mount({ bytes: PROBE_BYTES }),
  (disk) => disk.unmount(),
))
  ? it
  : it.skip;

describe("a query service whose disk is full", () => {
  let fleet: TestFleet | undefined;
  let disk: SmallDisk | undefined;
  let query: QueryService | undefined;

  beforeAll(async () => {
    disk = await SmallDisk.mount({ bytes: DISK_BYTES });
    fleet = await TestFleet.create({ prefix: "full-view" });
    await fleet.startWorker();
    query = await fleet.startQuery("view", { LASTKNOWN_DATA_DIRECTORY: disk.folder });
  });

  afterAll(async () => {
    await fleet?.close();
    await disk?.unmount();
  });

  itWithDisks(
    "answers on, says how far behind it is, and goes on by itself when there is room again",
    async () => {
      if (fleet === undefined || disk === undefined || query === undefined)
        throw new Error("nothing was started");
      const file = await sampleFile(fleet.folder, { users: 20, rows: 6_000, seed: 31 });
      await fleet.replay(file, ["--limit", "500"]);
      await fleet.caughtUp(query);

      await disk.fill();
      await fleet.replay(file);
      await waitUntil(async () => ((await readMetric(running(), UNWRITABLE)) === 1 ? true : undefined), {
        what: "the view to be full",
        ...BOUND,
      });
      await fleet.untilLag(({ lag }) => lag === 0);
      const { source, lag } = await answerAbout("veh-003");
      expect(source).toBe("redis");
      expect(Number(lag)).toBe(0);
      const asOf = await answerAbout("veh-003", "?at=2100-01-01T00:00:00Z");
      expect([asOf.status, asOf.source]).toEqual([200, "view"]);
      expect(Number(asOf.lag)).toBeGreaterThan(0);

      await disk.free();
      await fleet.caughtUp(query);
      expect(await readMetric(query, UNWRITABLE)).toBe(0);
      const judgement = await fleet.judge({
        expected: recompute(file).arrivals,
        // The first rows were sent twice.
        judgeEvents: { resumed: true },
        doublesAllowed: true,
        answers: { baseUrl: query.baseUrl, questions: 500 },
      });
      expect(complaintsAbout(judgement)).toEqual([]);
    },
  );

  const running = (): QueryService => {
    if (query?.process.running !== true)
      throw query?.process.failure("ended") ?? new Error("was not started");
    return query;
  };
  const answerAbout = async (
    user: string,
    at = "",
  ): Promise<{ status: number; source: string; lag: string }> => {
    const { status, headers } = await fetch(`${running().baseUrl}/v1/users/${user}${at}`);
    const header = (name: string): string => headers.get(name) ?? "";
    return { status, source: header("x-data-source"), lag: header("x-data-lag-seconds") };
  };
});
