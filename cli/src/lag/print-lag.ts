import { printLagReason } from "@lastknown/shared";
import { printCount, printCounted, printSeconds } from "../output/figures.js";
import { printable, tableLines } from "../output/table.js";
import type { FleetLag } from "./fleet-lag.js";

/**
 * The lag for people: the sum, the view, and a line per partition that is behind.
 *
 * @param asked the address at which a query service was asked for the view's lag
 */
export function lagLines(lag: FleetLag, asked: string): string[] {
  const behind = lag.partitions.filter((partition) => partition.lag > 0);
  const view =
    lag.viewLag === null
      ? `view: unknown, no query service of this fleet tells its lag at ${asked}; where one is: --query-host, --query-port`
      : `view: ${printCounted(lag.viewLag, "audit record")} behind`;
  const sum =
    lag.lag === 0
      ? `workers: nothing waits in ${printCounted(lag.partitions.length, "partition")}`
      : `workers: ${printCounted(lag.lag, "record")} not yet committed, the oldest for ${printWait(lag.lagSeconds, "an unknown time")}`;
  return behind.length === 0 ? [sum, view] : [sum, view, ...tableOf(lag)];
}

function tableOf(lag: FleetLag): string[] {
  const figures = ["PARTITION", "COMMITTED", "END", "LAG", "OLDEST WAITS"].map((title) => ({
    title,
    align: "right" as const,
  }));
  const columns = [...figures, { title: "WHY" }];
  const rows = lag.partitions
    .filter((partition) => partition.lag > 0)
    .map(({ partition, committed, end, lag: records, lagSeconds, reason, remarks }) => [
      String(partition),
      committed === null ? "none" : printCount(committed),
      printCount(end),
      printCount(records),
      printWait(lagSeconds, "unknown"),
      printable([reason, ...remarks].map(printLagReason).join("; ")),
    ]);
  return tableLines(columns, rows);
}

function printWait(seconds: number | null, unknown: string): string {
  return seconds === null ? unknown : printSeconds(seconds);
}
