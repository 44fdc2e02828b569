import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { listedLetters } from "../harness/listed-letters.js";
import { ControlFleets } from "../negative-controls/control-fleets.js";
import { complaintsAbout } from "../oracle/index.js";
import { fileWithRowOf } from "./sample-file.js";
import { whenJudging } from "./when-judging.js";

jest.setTimeout(180_000);

const USER = "unforeseen";
const ATTEMPTS_MAX = 4;
/** Of a batch of 1000 records. */
const HALVINGS_MAX = 10;
const FAILS_OF_IT = whenJudging(USER, 'console.error("tried it"); throw new TypeError("nobody foresaw it");');

describe("a record on which the worker's own code fails", () => {
  const fleets = new ControlFleets();
  afterEach(() => fleets.close());

  it("is tried a bounded number of times, then dead-lettered as internal, and the others of its batch go on", async () => {
    const fleet = await fleets.create({
      prefix: "unforeseen",
      changes: [FAILS_OF_IT],
      partitions: 2,
      environment: { LASTKNOWN_WORKER_RECORD_ATTEMPTS_MAX: String(ATTEMPTS_MAX) },
    });
    await fleet.replay(await fileWithRowOf(USER, fleet.folder));
    const worker = await fleet.startWorker();
    await fleet.caughtUp();
    expect(worker.process.running).toBe(true);

    const letters = await listedLetters(fleet);
    expect(letters).toMatchObject([{ reason: "internal", error: "TypeError: nobody foresaw it" }]);
    // Once with all of its batch, then with ever fewer, then alone.
    const tried = worker.process.stderr.lines.filter((line) => line.startsWith("tried it"));
    expect(tried.length).toBeGreaterThanOrEqual(1 + ATTEMPTS_MAX);
    expect(tried.length).toBeLessThanOrEqual(1 + HALVINGS_MAX + ATTEMPTS_MAX);
    const judgement = await fleet.judge({ doublesAllowed: false, fatalUsers: new Set([USER]) });
    expect(complaintsAbout(judgement)).toEqual([]);
  });
});
