import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { createWorkerMetrics } from "@lastknown/consumer";
import { createReplayMetrics } from "@lastknown/producer";
import { addConsumerLagMetrics, createQueryMetrics } from "@lastknown/query";
import { createMetrics, type Metrics } from "@lastknown/shared";
import { tableIn } from "./markdown-table.js";

const PAGE = fileURLToPath(new URL("../../../docs/metrics.md", import.meta.url));

function rowsOf(fill: (metrics: Metrics) => void): string[][] {
  const metrics = createMetrics();
  fill(metrics);
  return metrics
    .list()
    .filter(({ name }) => /^(lastknown|kafka)_/.test(name))
    .map(({ name, type, labels, help }) => [`\`${name}\``, type, labels.join(", "), help]);
}

const HEADER = ["metric", "type", "labels", "what it tells"];

test("the page of metrics names every metric of a worker as the code has it", () => {
  const rows = rowsOf((metrics) => {
    const gauges = { queueBytes: () => 0, assignedPartitions: () => 0, waitingOn: () => [] };
    createWorkerMetrics(metrics, gauges, "any");
  });
  expect(tableIn(readFileSync(PAGE, "utf8"), "worker")).toEqual([HEADER, ...rows]);
});

test("the page of metrics names every metric of a query service as the code has it", () => {
  const rows = rowsOf((metrics) => {
    const unknown = (): undefined => undefined;
    createQueryMetrics(metrics, {
      state: () => "opening",
      hasCaughtUp: () => false,
      lagRecords: unknown,
      lagSeconds: () => Promise.resolve("unknown"),
      servers: () => {
        const well = (): Promise<undefined> => Promise.resolve(undefined);
        return { kafka: well, redis: well };
      },
    });
  });
  expect(tableIn(readFileSync(PAGE, "utf8"), "query")).toEqual([HEADER, ...rows]);
});

test("the page of metrics names every metric of the workers' lag as the code has it", () => {
  const rows = rowsOf((metrics) => {
    addConsumerLagMetrics(metrics, {
      group: "fleet.worker",
      topic: "fleet.events",
      partitions: 1,
      positions: () => undefined,
      lagOf: () => Promise.resolve("unknown"),
      members: () => Promise.resolve([]),
      lagReasons: () => undefined,
    });
  });
  expect(tableIn(readFileSync(PAGE, "utf8"), "consumer-lag")).toEqual([HEADER, ...rows]);
});

test("the page of metrics names every metric of a replay as the code has it", () => {
  const rows = rowsOf((metrics) => {
    const none = (): number => 0;
    createReplayMetrics(metrics, { fileRows: none, publishedStsSeconds: none, inFlightRecords: none });
  });
  expect(tableIn(readFileSync(PAGE, "utf8"), "replay")).toEqual([HEADER, ...rows]);
});
