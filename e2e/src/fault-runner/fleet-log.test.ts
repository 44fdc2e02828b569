import { describe, expect, it } from "@jest/globals";
import type { Service } from "../harness/lastknown.js";
import { FleetLog } from "./fleet-log.js";

const at = (second: number): string => new Date(second * 1000).toISOString();
const line = (second: number, message: string, partition: number, buckets: readonly number[]): string =>
  JSON.stringify({ time: at(second), message, partition, buckets });
const workerThatSaid = (...lines: readonly string[]): Service =>
  ({ process: { stderr: { lines, onLine: () => undefined } } }) as unknown as Service;

it("batches that came to a leader that was none any more are counted over all workers", () => {
  const log = new FleetLog();
  const notTaken = (...failed: readonly string[]): string =>
    JSON.stringify({ time: at(1), message: "kafka did not acknowledge all that was sent", failed });
  log.follow(workerThatSaid(notTaken("fleet.audit/3: 6", "fleet.audit/4: 7"), "no JSON: 6"));
  log.follow(workerThatSaid(notTaken("fleet.audit/5: 6")));
  expect(log.sentToOldLeaders).toBe(2);
});

describe("the healings that workers log", () => {
  it("are those of the named buckets, each to the end of its partition's", () => {
    const log = new FleetLog();
    log.follow(
      workerThatSaid(
        line(1, "healing begins", 3, [3, 11]),
        line(2, "healing begins", 4, [4]),
        line(3, "healing begins", 3, [19]),
        line(5, "healing ended", 3, [19]),
        line(6, "healing begins", 3, [3]),
      ),
    );
    expect(log.healings).toMatchObject([
      { bucket: 3, fromMs: 1_000, toMs: 5_000 },
      { bucket: 11, fromMs: 1_000, toMs: 5_000 },
      { bucket: 4, fromMs: 2_000, toMs: Infinity },
      { bucket: 19, fromMs: 3_000, toMs: 5_000 },
      { bucket: 3, fromMs: 6_000, toMs: Infinity },
    ]);
  });
});
