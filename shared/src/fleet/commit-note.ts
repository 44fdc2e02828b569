import { fleetOfNote } from "./fleet-commits.js";

/**
 * What stands beside a committed offset, as JSON: what the next owner of the partition has to know, and what whoever
 * watches the fleet is told.
 */
export interface CommitNote {
  /** Id of the fleet whose worker committed. Without it somebody else did, by a tool or in the group by mistake. */
  readonly fleet?: string;
  /** How many assignments in a row never came to a commit. The last one had begun its work at `at`, or run all before. */
  readonly begun?: Begun | undefined;
  /** There while records are run one at a time: at least up to `until`. */
  readonly trying?: Trying | undefined;
  /** Offsets, above the committed one, of records that are not run any more: they ended their process too often. */
  readonly condemned?: readonly number[] | undefined;
  /** There while the owner commits nothing of the partition: for those who watch. The next owner takes nothing from it. */
  readonly word?: WorkerWord | undefined;
}

export interface Begun {
  readonly at: number;
  readonly times: number;
}

/** The record at `offset` was begun `times` times, and ended its process each time, or is at work now. */
export interface Trying {
  readonly offset: number;
  readonly times: number;
  readonly until: number;
}

/** Servers that a worker waits for. */
export const SERVERS = ["kafka", "redis", "registry"] as const;
export type Server = (typeof SERVERS)[number];

/**
 * What a worker does that commits nothing.
 *
 * - `apart`: it tries a record again that fails in a way nobody foresaw
 * - `idle`: it has nothing to do, as what waits is not given to it: somebody's transaction is open
 */
const DOINGS = [...SERVERS, "work", "apart", "idle"] as const;

/** So often a word is said again: who is not heard for more than twice as long counts as dead. In ms. */
export const WORD_INTERVAL_MS = 2000;

/** What a live worker says of a partition of which it commits nothing, again every few seconds. */
export interface WorkerWord {
  /** The server that it waits for; or what it does else. */
  readonly on: (typeof DOINGS)[number];
  /** For how long already, in ms. */
  readonly forMs: number;
  /** When it was said, by the worker's clock: ms since 1970. */
  readonly at: number;
}

export function printCommitNote(note: CommitNote): string {
  return JSON.stringify(note);
}

/** What a worker of this fleet noted; undefined where the offset is somebody else's, and says nothing of what is done. */
export function noteOfFleet(fleetId: string, text: string | undefined): CommitNote | undefined {
  return fleetOfNote(text) === fleetId ? parseCommitNote(text) : undefined;
}

/** What cannot be read was written by something else, and says nothing. */
export function parseCommitNote(text: string | undefined): CommitNote {
  if (text === undefined || text === "") return {};
  let parsed: Partial<Record<keyof CommitNote, unknown>>;
  try {
    // Spreading makes an object of whatever JSON it was, null included.
    parsed = { ...(JSON.parse(text) as Record<string, unknown> | null) };
  } catch {
    return {};
  }
  const begun = numbersOf<Begun>(parsed.begun, ["at", "times"]);
  const trying = numbersOf<Trying>(parsed.trying, ["offset", "times", "until"]);
  return {
    ...(typeof parsed.fleet === "string" ? { fleet: parsed.fleet } : {}),
    ...(begun === undefined ? {} : { begun }),
    ...(trying === undefined ? {} : { trying }),
    ...(isOffsets(parsed.condemned) ? { condemned: parsed.condemned } : {}),
    ...wordIn(parsed.word),
  };
}

/** A later version may know other things to do. */
function wordIn(value: unknown): Pick<CommitNote, "word"> {
  const numbers = numbersOf<{ forMs: number; at: number }>(value, ["forMs", "at"]);
  const on = DOINGS.find((doing) => doing === (value as { readonly on?: unknown } | undefined)?.on);
  return numbers === undefined || on === undefined ? {} : { word: { on, ...numbers } };
}

function isOffsets(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((offset) => Number.isSafeInteger(offset));
}

function numbersOf<Part extends object>(
  value: unknown,
  names: readonly (keyof Part & string)[],
): Part | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const entries = names.map((name) => [name, (value as Record<string, unknown>)[name]] as const);
  if (!entries.every(([, number]) => Number.isSafeInteger(number))) return undefined;
  return Object.fromEntries(entries) as Part;
}
