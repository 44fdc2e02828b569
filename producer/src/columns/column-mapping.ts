import { FatalError, exitCodes } from "@lastknown/shared";
import { ABOUT_ARRIVAL_COLUMNS, EXPORTED_EVENT_ID } from "./about-arrival.js";

/** Which column of the file means what. Indexes into the header. */
export interface ColumnMapping {
  readonly header: readonly string[];
  readonly user: number;
  readonly time: number;
  /** undefined: the file has no arrival column, so `sts` is `time_stamp`. */
  readonly arrival: number | undefined;
  /** The column that names each observation, if one was named. It stays an attribute too. */
  readonly eventId: number | undefined;
  /** The ids of an export, taken as they are. Whoever says how ids are to be made has them made anew. */
  readonly exportedEventId: number | undefined;
  /** All other columns: the attributes. */
  readonly attributes: readonly number[];
  /** Attributes that are no part of what an event id is made of. */
  readonly notIdentity: ReadonlySet<number>;
}

/** Columns as the user named them; what is not named is found by its name. */
export interface ColumnChoice {
  readonly userColumn?: string | undefined;
  readonly timeColumn?: string | undefined;
  readonly arrivalColumn?: string | undefined;
  readonly eventIdColumn?: string | undefined;
  readonly notIdentity?: readonly string[] | undefined;
  readonly types?: Readonly<Record<string, unknown>> | undefined;
}

interface Role {
  readonly meaning: string;
  readonly flag: string;
  /** Names in tiers, lower case. A later tier counts only if no earlier one is in the header. */
  readonly names: readonly (readonly string[])[];
}

const USER: Role = {
  meaning: "user",
  flag: "--user-column",
  names: [
    ["user", "user_id", "device_fk_id", "device_pk_id", "device_id", "vehicle_id", "station_id"],
    ["userid", "deviceid", "device", "vehicleid", "vehicle", "sensor_id", "asset_id", "entity_id", "imei"],
  ],
};

const TIME: Role = {
  meaning: "time of the event",
  flag: "--time-column",
  names: [
    ["time_stamp", "timestamp", "event_time", "ts"],
    ["event_timestamp", "event_ts", "reported_at", "last_reported", "occurred_at", "recorded_at"],
    ["measured_at", "observed_at", "device_time", "datetime", "date_time", "time"],
  ],
};

const ARRIVAL: Role = {
  meaning: "time of arrival",
  flag: "--arrival-column",
  names: [
    ["sts", "server_time", "server_time_stamp", "server_timestamp"],
    [
      "arrival_time",
      "arrived_at",
      "received_at",
      "received_time",
      "ingested_at",
      "archived_at",
      "fetched_at",
    ],
  ],
};

/**
 * Finds the columns in the header.
 *
 * @throws FatalError (usage) with the header's columns, if one is missing, ambiguous, or named twice
 */
export function mapColumns(header: readonly string[], choice: ColumnChoice): ColumnMapping {
  checkHeader(header);
  const user = required(header, USER, choice.userColumn);
  const time = required(header, TIME, choice.timeColumn, [user]);
  const arrival = find(header, ARRIVAL, choice.arrivalColumn, [user, time]);
  requireDistinct(header, [user, time, ...(arrival === undefined ? [] : [arrival])]);
  const roles = new Set([user, time, arrival]);
  const aboutArrival = new Set<string | undefined>(ABOUT_ARRIVAL_COLUMNS);
  const attributes = header
    .map((_, index) => index)
    .filter((index) => !roles.has(index) && !aboutArrival.has(header[index]));
  const attributeNamed = (name: string, flag: string): number => {
    const index = named(header, name, flag);
    if (roles.has(index)) throw usage(`${flag} names ${quoted(name)}, which is no attribute`, "leave it out");
    return index;
  };
  for (const name of Object.keys(choice.types ?? {})) attributeNamed(name, "--types");
  return {
    header,
    user,
    time,
    arrival,
    attributes,
    eventId:
      choice.eventIdColumn === undefined
        ? undefined
        : named(header, choice.eventIdColumn, "--event-id-column"),
    exportedEventId: exportedEventId(header, choice),
    notIdentity: new Set((choice.notIdentity ?? []).map((name) => attributeNamed(name, "--not-identity"))),
  };
}

function exportedEventId(
  header: readonly string[],
  { eventIdColumn, notIdentity = [] }: ColumnChoice,
): number | undefined {
  const index = header.indexOf(EXPORTED_EVENT_ID);
  return index === -1 || eventIdColumn !== undefined || notIdentity.length > 0 ? undefined : index;
}

/** Headers that cannot name columns are refused before anything is made of them. */
function checkHeader(header: readonly string[]): void {
  const seen = new Map<string, number>();
  header.forEach((name, index) => {
    const place = `column ${index + 1} of the header`;
    if (/[\ufffd\0]/.test(name)) {
      throw usage(
        `${place} is not valid UTF-8 text`,
        "convert the file, for example: iconv -f latin1 -t utf-8",
      );
    }
    if (name === "__proto__") throw usage(`${place} is named __proto__`, "give it another name");
    if (name.trim() === "") throw usage(`${place} has no name`, "give it one");
    const before = seen.get(name);
    if (before !== undefined) {
      throw usage(
        `the header has ${quoted(name)} twice, as columns ${before + 1} and ${index + 1}`,
        "rename one of them",
      );
    }
    seen.set(name, index);
  });
}

function required(
  header: readonly string[],
  role: Role,
  name: string | undefined,
  taken: number[] = [],
): number {
  const index = find(header, role, name, taken);
  if (index !== undefined) return index;
  const first = looksLikeARow(header) ? " (its first line looks like a row: a header is needed)" : "";
  throw usage(
    `no column for the ${role.meaning} found${first}; the header has ${list(header)}`,
    `name it with ${role.flag}`,
  );
}

function find(
  header: readonly string[],
  role: Role,
  name: string | undefined,
  taken: readonly number[],
): number | undefined {
  if (name !== undefined) return named(header, name, role.flag);
  const known = header.map((column) => column.trim().toLowerCase());
  for (const tier of role.names) {
    const found = known.flatMap((column, index) =>
      tier.includes(column) && !taken.includes(index) ? [index] : [],
    );
    if (found.length > 1) {
      const candidates = list(found.map((index) => header[index] as string));
      throw usage(
        `several columns could be the ${role.meaning}: ${candidates}`,
        `name one with ${role.flag}`,
      );
    }
    if (found.length === 1) return found[0];
  }
  return undefined;
}

function named(header: readonly string[], name: string, flag: string): number {
  const index = header.indexOf(name);
  if (index !== -1) return index;
  throw usage(`${flag} names ${quoted(name)}, which the header does not have`, `it has ${list(header)}`);
}

function requireDistinct(header: readonly string[], indexes: readonly number[]): void {
  const twice = indexes.find((index, position) => indexes.indexOf(index) !== position);
  if (twice === undefined) return;
  throw usage(`column ${quoted(header[twice] as string)} is named for two meanings`, "name another one");
}

function looksLikeARow(header: readonly string[]): boolean {
  return header.some((cell) => /^-?\d+([.,]\d+)?$|^\d{4}-\d{2}-\d{2}/.test(cell));
}

/** So many columns are shown in an error, so that it stays a line. */
const COLUMNS_SHOWN_MAX = 40;

function list(names: readonly string[]): string {
  const shown = names.slice(0, COLUMNS_SHOWN_MAX).map((name) => name.slice(0, 60));
  const more = names.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function quoted(name: string): string {
  return JSON.stringify(name);
}

function usage(message: string, fix: string): FatalError {
  return new FatalError(message, { fix, exitCode: exitCodes.usage });
}
