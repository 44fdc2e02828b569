import { joinFields } from "@lastknown/producer";
import { partitionOf, verifyFleet, type FleetNames, type LogReader } from "@lastknown/shared";
import type { Settings } from "@lastknown/shared/settings";
import { withLogReader } from "../fleet/fleet-servers.js";
import type { ArrivalLog } from "./arrival-log.js";
import { csvFormOf, csvHeader, csvRow, type CsvForm } from "./csv-form.js";
import { exportedArrivals, type ExportChoice, type ExportedArrival } from "./exported-arrival.js";
import { LmdbArrivalLog } from "./lmdb/lmdb-arrival-log.js";
import { ndjsonLine } from "./ndjson-form.js";
import { readAudit, type SchemasById, type UnreadableRecord } from "./read-audit.js";

export interface ExportOptions {
  readonly settings: Settings;
  readonly format: "csv" | "ndjson";
  readonly choice: ExportChoice;
  /** Told of each record of the audit that is none of the product's; it is left out. */
  readonly onUnreadable: (record: UnreadableRecord) => void;
  readonly write: (text: string) => Promise<void>;
}

export interface ExportResult {
  readonly arrivals: number;
  /** The command that replays the file, where the format can be replayed. */
  readonly replayHint: string | undefined;
}

/**
 * Writes the audit as it stands when the call begins. Needs the disk that the audit takes, not the memory.
 *
 * @throws FatalError where the settings are not the fleet's: verdicts would come out wrong
 */
export async function runExport(options: ExportOptions): Promise<ExportResult> {
  const log = new LmdbArrivalLog();
  try {
    return await withLogReader(options.settings, (reader, names) => exportFrom(reader, names, log, options));
  } finally {
    await log.close();
  }
}

/** The same on any log; tests give one in memory. */
export async function exportFrom(
  reader: LogReader,
  names: FleetNames,
  log: ArrivalLog,
  { settings, format, choice, onUnreadable, write }: ExportOptions,
): Promise<ExportResult> {
  const { partitions, maxFutureSkewMicros } = settings.fleet;
  const fleet = await verifyFleet({ names, reader }, { partitions, maxFutureSkew: maxFutureSkewMicros });
  const only =
    choice.user === undefined ? {} : { partitions: [partitionOf(Buffer.from(choice.user), partitions)] };
  const schemas = await readAudit(
    { reader, auditTopic: names.auditTopic, fleet, onUnreadable, ...only },
    log,
  );
  const arrivals = exportedArrivals(log, schemas, { ...choice, maxFutureSkew: fleet.maxFutureSkew });
  if (format === "ndjson") {
    const count = await writeLines(write, "", arrivals, (arrival) => ndjsonLine(names, arrival));
    return { arrivals: count, replayHint: undefined };
  }
  return writeCsv(write, arrivals, schemas);
}

async function writeCsv(
  write: (text: string) => Promise<void>,
  arrivals: Iterable<ExportedArrival>,
  schemas: SchemasById,
): Promise<ExportResult> {
  const form = csvFormOf(schemas);
  const count = await writeLines(write, csvHeader(form), arrivals, (arrival) => csvRow(form, arrival));
  return { arrivals: count, replayHint: replayHint(form) };
}

const LINES_PER_WRITE = 500;

async function writeLines(
  write: (text: string) => Promise<void>,
  header: string,
  arrivals: Iterable<ExportedArrival>,
  lineOf: (arrival: ExportedArrival) => string,
): Promise<number> {
  let count = 0;
  let lines = [header];
  for (const arrival of arrivals) {
    lines.push(lineOf(arrival));
    count++;
    if (lines.length < LINES_PER_WRITE) continue;
    await write(lines.join(""));
    lines = [];
  }
  await write(lines.join(""));
  return count;
}

function replayHint(form: CsvForm): string {
  const columns = [
    ["--user-column", form.userColumn],
    ["--time-column", form.timeColumn],
    ["--arrival-column", form.arrivalColumn],
  ].flatMap(([flag = "", column = ""]) => [flag, shellWord(column)]);
  const types = joinFields(form.textAttributes.map((header) => `${header}=string`));
  return ["lastknown replay FILE", ...columns, ...(types === "" ? [] : ["--types", shellWord(types)])].join(
    " ",
  );
}

function shellWord(text: string): string {
  return /^[A-Za-z0-9_./=,:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
