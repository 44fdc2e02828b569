import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { freePorts } from "../harness/free-ports.js";
import { Service } from "../harness/lastknown.js";
import { TestFleet } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { complaintsAbout, recompute } from "../oracle/index.js";
import { readMetric } from "./read-metrics.js";
import { sampleFile } from "./sample-file.js";

jest.setTimeout(300_000);

const ROWS = 20_000;
/** One entry per transaction makes folding last a second or two, so that there is a middle to be killed in. */
const SLOW_FOLDING = {
  LASTKNOWN_QUERY_FOLD_RECORDS_MAX: "1",
  LASTKNOWN_QUERY_FETCH_BYTES_MAX: "65536",
};
const ADDED = 'lastknown_view_entries_total{kind="added"}';
const DOUBLES = 'lastknown_view_entries_total{kind="double"}';
const FOLDING_BOUND_MS = 60_000;
/** One may hit a moment at which nothing is half done; after a third in a row the view would be built anew. */
const KILLS = 2;

describe("a query service that is killed while it folds, and again", () => {
  let fleet: TestFleet | undefined;
  let file = "";

  beforeAll(async () => {
    fleet = await TestFleet.create({ prefix: "killed-query", environment: SLOW_FOLDING });
    file = await sampleFile(fleet.folder, { users: 50, rows: ROWS, seed: 11 });
    await fleet.startWorker();
    await fleet.replay(file);
    await fleet.caughtUp();
  });

  afterAll(async () => fleet?.close());

  /** Starts the service on the same folder as a restart will, kills it, and gives what it had folded at least. */
  const killWhileFolding = async (started: TestFleet): Promise<number> => {
    const [operationsPort = 0] = await freePorts(1);
    const ports = ["--operations-port", String(operationsPort), "--query-port", "0"];
    const query = started.start(["query", ...ports, "--data-directory", `${started.folder}/view`]);
    const service = new Service(query, operationsPort);
    const folded = await waitUntil(
      async () => {
        if (!query.running) throw query.failure("ended before it was killed");
        if ((await service.status("/livez")) === undefined) return undefined;
        const added = await readMetric(service, ADDED);
        return added >= ROWS / 10 ? added : undefined;
      },
      { what: "the view to have a part", boundMs: FOLDING_BOUND_MS, everyMs: 10 },
    );
    await query.kill("SIGKILL");
    expect(await query.ended).toEqual({ exitCode: null, signal: "SIGKILL" });
    return folded;
  };

  it("goes on where it was, and answers all right", async () => {
    if (fleet === undefined) throw new Error("the fleet did not start");
    let folded = 0;
    for (let kill = 0; kill < KILLS; kill++) folded += await killWhileFolding(fleet);
    const query = await fleet.startQuery("view");
    await fleet.caughtUp(query);

    // What was there is neither folded again nor found again: it began after it.
    const added = await readMetric(query, ADDED);
    expect(added).toBeGreaterThan(0);
    expect(added).toBeLessThanOrEqual(ROWS - folded);
    expect(await readMetric(query, DOUBLES)).toBe(0);
    const judgement = await fleet.judge({
      expected: recompute(file).arrivals,
      doublesAllowed: false,
      answers: { baseUrl: query.baseUrl, questions: 2_000 },
    });
    expect(complaintsAbout(judgement)).toEqual([]);
  });
});
