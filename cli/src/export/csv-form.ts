import { ABOUT_ARRIVAL_COLUMNS } from "@lastknown/producer";
import { printTime, type AttributeValue } from "@lastknown/shared";
import type { ExportedArrival } from "./exported-arrival.js";
import type { SchemasById } from "./read-audit.js";

/** The columns of an export: the event's own, then those about its arrival. */
export interface CsvForm {
  readonly userColumn: string;
  readonly timeColumn: string;
  readonly arrivalColumn: string;
  readonly attributes: readonly string[];
  /** Attributes that are text: without this a replay may take `1`, `2` for numbers. */
  readonly textAttributes: readonly string[];
}

/** All columns that any version of the schema has, in the order in which they first came. */
export function csvFormOf(schemas: SchemasById): CsvForm {
  const columns = [...schemas]
    .sort(([a], [b]) => a - b)
    .flatMap(([, schema]) => schema.columns)
    .filter(({ header }, index, all) => all.findIndex((other) => other.header === header) === index);
  const attributes = columns.map(({ header }) => header);
  return {
    userColumn: freeName("user", attributes),
    timeColumn: freeName("time_stamp", attributes),
    arrivalColumn: freeName("sts", attributes),
    attributes,
    textAttributes: columns.filter(({ type }) => type === "string").map(({ header }) => header),
  };
}

function freeName(name: string, taken: readonly string[]): string {
  return taken.includes(name) ? freeName(`${name}_`, taken) : name;
}

export function csvHeader(form: CsvForm): string {
  const { userColumn, timeColumn, arrivalColumn, attributes } = form;
  return csvLine([userColumn, timeColumn, arrivalColumn, ...attributes, ...ABOUT_ARRIVAL_COLUMNS]);
}

export function csvRow(form: CsvForm, arrival: ExportedArrival): string {
  const { event, judgement, partition, offset, appendedAtMs } = arrival;
  return csvLine([
    event.user,
    printTime(event.timeStamp),
    printTime(event.sts),
    ...form.attributes.map((header) => event.attributes[header]),
    event.eventId,
    judgement.verdict,
    judgement.clamped,
    judgement.repeated,
    partition,
    offset,
    printTime(appendedAtMs * 1000),
  ]);
}

const NEEDS_QUOTES = /[",\r\n;\t]|^\s|\s$|^$/;

function csvLine(cells: readonly (AttributeValue | undefined)[]): string {
  return `${cells.map(csvCell).join(",")}\n`;
}

function csvCell(value: AttributeValue | undefined): string {
  if (value === undefined) return "";
  const text = isIntegerBeyondExact(value) ? value.toExponential() : String(value);
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Written with all its digits it would look like an id, which a replay takes for text. */
function isIntegerBeyondExact(value: AttributeValue): value is number {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}
