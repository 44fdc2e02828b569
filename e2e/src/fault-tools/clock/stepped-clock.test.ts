import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { ChildProcess } from "../../harness/child-process.js";
import { canBeMade, CannotBeMadeError } from "../cannot-be-made.js";
import { ensureLibfaketime } from "./ensure-libfaketime.js";
import { SteppedClock } from "./stepped-clock.js";

const TELLS_TIME = `setInterval(() => console.log(Date.now(), performance.now()), 20)`;
const BOUND_MS = 20_000;

const itWithClocks = (await canBeMade(
  () => SteppedClock.create(),
  (clock) => clock.remove(),
))
  ? it
  : it.skip;

describe("SteppedClock", () => {
  let child: ChildProcess | undefined;
  let clock: SteppedClock | undefined;

  afterEach(async () => {
    await child?.kill("SIGKILL");
    clock?.remove();
  });

  itWithClocks(
    "sets the wall clock of a running program ahead and behind, and leaves its durations alone",
    async () => {
      clock = await SteppedClock.create();
      child = new ChildProcess({
        name: "a program that tells the time",
        command: process.execPath,
        args: ["-e", TELLS_TIME],
        environment: { ...process.env, ...clock.environment },
      });
      const begun = performance.now();
      const monotonic: number[] = [];
      for (const aheadBy of [0, 3_600, -60]) {
        clock.setAheadBy(aheadBy);
        const found = await child.line((line) => {
          const [wallMs = 0, monotonicMs = 0] = line.split(" ").map(Number);
          const offset = (wallMs - Date.now()) / 1000;
          return Math.abs(offset - aheadBy) < 5 ? monotonicMs : undefined;
        }, BOUND_MS);
        monotonic.push(found);
      }
      expect(monotonic.toSorted((a, b) => a - b)).toEqual(monotonic);
      const { pid } = child;
      await child.kill("SIGKILL");
      clock.remove();
      expect(readdirSync("/dev/shm").filter((name) => name.endsWith(`_${pid}`))).toEqual([]);
      expect((monotonic[2] ?? 0) - (monotonic[0] ?? 0)).toBeLessThan(performance.now() - begun);
    },
  );

  it("says loudly that it cannot be made where the library is neither there nor to be had", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lastknown-no-apt-"));
    const path = process.env["PATH"];
    process.env["PATH"] = folder;
    try {
      const refused = ensureLibfaketime(join(folder, "libfaketime"), []);
      await expect(refused).rejects.toThrow(CannotBeMadeError);
      await expect(refused).rejects.toThrow(/cannot be made here: libfaketime is missing.*apt-get install/);
    } finally {
      process.env["PATH"] = path;
      await rm(folder, { recursive: true });
    }
  });
});
