import type { ReplaySummary } from "@lastknown/producer";
import { printCount, printCounted, printMillis, printSeconds } from "../output/figures.js";
import { printable, shortened } from "../output/table.js";

/** What a replay found and did, for people. */
export function reportLines(summary: ReplaySummary): string[] {
  return [
    headline(summary),
    countsLine(summary),
    ...driftLines(summary),
    ...columnLines(summary),
    ...noteLines(summary),
    ...rejectionLines(summary),
  ];
}

function headline({
  dryRun,
  interrupted,
  published,
  rows,
  turns,
  publishSeconds,
  rowsPerSecond,
  resumed,
}: ReplaySummary): string {
  if (dryRun) return `dry run: ${printCounted(rows, "row")} read, nothing sent`;
  const ended = interrupted ? "stopped after" : "replayed";
  const pace = `in ${printSeconds(publishSeconds)}, ${printCount(rowsPerSecond)} rows/s`;
  const notes = [
    ...(turns > 1 ? [`${printCount(turns)} turns of ${printCounted(rows, "row")}`] : []),
    ...(resumed > 0 ? [`${printCount(resumed)} were done before`] : []),
  ];
  const noted = notes.length === 0 ? "" : ` (${notes.join("; ")})`;
  return `${ended} ${printCount(published)} of ${printCounted(rows * Math.max(1, turns), "row")}${noted} ${pace}`;
}

export function countsLine({ users, late, duplicates, ties, rejected, countsExact }: ReplaySummary): string {
  const counts = [
    printCounted(users, "user"),
    `${printCount(late)} late`,
    `${printCounted(duplicates, "duplicate")}`,
    `${printCounted(ties, "tie")} of sts`,
    `${printCount(rejected)} rejected`,
  ];
  return (
    counts.join(", ") + (countsExact ? "" : " (at least: too many users, ids or turns to count them all)")
  );
}

function driftLines({ drift }: ReplaySummary): string[] {
  if (drift === null) return [];
  const [p50, p99, max] = [drift.p50, drift.p99, drift.max].map(printMillis);
  return [`drift, acknowledged minus planned: p50 ${p50}, p99 ${p99}, max ${max}`];
}

function columnLines({ columns, firstSts, lastSts }: ReplaySummary): string[] {
  const { user, time, arrival } = columns;
  const named = `user ${printable(user)}, time ${printable(time)}`;
  const lines = [arrival === null ? `columns: ${named}` : `columns: ${named}, arrival ${printable(arrival)}`];
  if (arrival === null && user !== "")
    lines.push("there is no arrival column: sts = time_stamp, so nothing can be late");
  if (firstSts !== null && lastSts !== null) lines.push(`received from ${firstSts} to ${lastSts}`);
  return lines;
}

function noteLines({ columns, truncatedFractions, outsideWindow, spilledBytes }: ReplaySummary): string[] {
  const lines: string[] = [];
  if (columns.looksLikeSendingTime.length > 0) {
    const names = columns.looksLikeSendingTime.map(printable).join(",");
    lines.push(`${names} looks like a time of sending: if so, give --not-identity ${names}`);
  }
  if (truncatedFractions > 0)
    lines.push(
      `${printCounted(truncatedFractions, "time")} had more than six fraction digits, which were cut`,
    );
  if (outsideWindow > 0) lines.push(`${printCounted(outsideWindow, "row")} outside --start and --end`);
  if (spilledBytes > 0)
    lines.push(`ordered with ${printCount(Math.ceil(spilledBytes / 1024 / 1024))} MB of temporary files`);
  return lines;
}

function rejectionLines({ rejected, rejectedByReason, rejectedExamples }: ReplaySummary): string[] {
  if (rejected === 0) return [];
  const reasons = Object.entries(rejectedByReason).map(([reason, count]) => `${reason} ${printCount(count)}`);
  const examples = rejectedExamples.map(({ line, reason, detail }) =>
    shortened(`  line ${line}: ${reason}: ${printable(detail ?? "")}`, 100),
  );
  return [`rejected: ${reasons.join(", ")}`, ...examples];
}
