import { sortedByCodePoint } from "../event/canonical-json.js";

/** Which columns of a file mean what. Those not named are found by their usual names. */
export interface ColumnOptions {
  readonly userColumn?: string;
  readonly timeColumn?: string;
  readonly arrivalColumn?: string;
  /** Holds the data set's own ids of its events. */
  readonly eventIdColumn?: string;
  /** Columns that change with each sending, so they are no part of the event's identity. */
  readonly notIdentity?: readonly string[];
}

/** Where the columns stand, counted from 0. */
export interface Columns {
  readonly count: number;
  readonly user: number;
  readonly time: number;
  /** The time column once more, where the file has no arrivals. */
  readonly arrival: number;
  readonly eventId: number | undefined;
  /** Holds ids that an export wrote, taken as they are. */
  readonly exportedId: number | undefined;
  /** Sorted by code point. */
  readonly attributes: readonly { readonly header: string; readonly index: number }[];
  readonly notIdentity: ReadonlySet<string>;
}

const USER_NAMES = ["user_id", "device_fk_id", "device_pk_id", "device_id"];
const TIME_NAMES = ["time_stamp", "timestamp", "event_time", "ts"];
/** What an export adds about an arrival is nothing that was observed; its id stays what it was. */
const EXPORTED_ID = "lastknown.event_id";
const EXPORTED = /^lastknown\.(event_id|verdict|clamped|repeated|partition|offset|appended_at)$/;
const ARRIVAL_NAMES = ["sts"];

export function findColumns(header: readonly string[], options: ColumnOptions): Columns {
  const user = required(header, options.userColumn, USER_NAMES);
  const time = required(header, options.timeColumn, TIME_NAMES);
  const arrival = find(header, options.arrivalColumn, ARRIVAL_NAMES) ?? time;
  const attributes = header
    .map((name, index) => ({ header: name, index }))
    .filter(({ index }) => index !== user && index !== time && index !== arrival)
    .filter((attribute) => !EXPORTED.test(attribute.header));
  const idsAreMade = options.eventIdColumn !== undefined || (options.notIdentity ?? []).length > 0;
  return {
    count: header.length,
    user,
    time,
    arrival,
    eventId: find(header, options.eventIdColumn, []),
    exportedId: idsAreMade ? undefined : find(header, undefined, [EXPORTED_ID]),
    attributes: sortedByCodePoint(attributes, (attribute) => attribute.header),
    notIdentity: new Set(options.notIdentity),
  };
}

function required(header: readonly string[], named: string | undefined, usual: readonly string[]): number {
  const index = find(header, named, usual);
  if (index === undefined) throw new Error(`the file has no column ${usual.join(" or ")}; name one`);
  return index;
}

function find(
  header: readonly string[],
  named: string | undefined,
  usual: readonly string[],
): number | undefined {
  if (named !== undefined && !header.includes(named)) throw new Error(`the file has no column ${named}`);
  const name = named ?? usual.find((candidate) => header.includes(candidate));
  return name === undefined ? undefined : header.indexOf(name);
}
