import { describe, expect, it } from "@jest/globals";
import type { Service } from "../harness/lastknown.js";
import { FleetLog } from "./fleet-log.js";

const at = (second: number): string => new Date(second * 1000).toISOString();
const line = (second: number, message: string, partition: number, buckets: readonly number[]): string =>
  JSON.stringify({ time: at(second), message, partition, buckets });
const workerThatSaid = (...lines: readonly string[]): Service =>
  ({ process: { stderr: { lines, onLine: () => undefined } } }) as unknown as Service;

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
