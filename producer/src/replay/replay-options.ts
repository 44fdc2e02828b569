import type { ColumnType, EpochUnit, Micros } from "@lastknown/shared";

/** What to replay, and how. Made from a command line by parseReplayFlags, or by hand. */
export interface ReplayOptions {
  /** A path, or `-` for standard input. Gzip is recognised by its first bytes. */
  readonly file: string;
  /** Columns by their header; found by name where undefined. */
  readonly userColumn?: string | undefined;
  readonly timeColumn?: string | undefined;
  readonly arrivalColumn?: string | undefined;
  /** The column that names each observation; otherwise its content does. */
  readonly eventIdColumn?: string | undefined;
  /** Columns that change with each sending, and so are no part of what names an observation. */
  readonly notIdentity?: readonly string[] | undefined;
  /** Types by header; inferred where not named. */
  readonly types?: Readonly<Record<string, ColumnType>> | undefined;
  /** What a time that is a plain number counts; told by its size unless given. */
  readonly timeUnit?: EpochUnit | undefined;
  /** IANA name, for times without `Z` or offset; without it their rows are rejected. */
  readonly zone?: string | undefined;
  /** One ASCII character; told by the header otherwise. */
  readonly separator?: string | undefined;
  /** One ASCII character, or `none`; `"` otherwise. */
  readonly quote?: string | undefined;
  /** What stands before a number's fraction. `auto`: a point, and a comma where the separator is none. */
  readonly decimal?: "auto" | "." | "," | undefined;
  /** How many times faster than the rows' own time; 1 unless given. */
  readonly speed?: number | "max" | undefined;
  /** Rows per second, instead of the rows' own time. */
  readonly rate?: number | undefined;
  /** Only rows with start ≤ sts < end. */
  readonly start?: Micros | undefined;
  readonly end?: Micros | undefined;
  /** Publish no more rows than this, all turns together. */
  readonly limit?: number | undefined;
  /** How often the file is sent, each turn later by the file's span; Infinity: until stopped. 1 unless given. */
  readonly turns?: number | undefined;
  /** Where to keep how far it came; if it exists, go on from there. Not for standard input. */
  readonly checkpoint?: string | undefined;
  /** A longer silence between two rows is cut to this, in µs of the rows' own time. */
  readonly maxGap?: Micros | undefined;
  /** `sts` becomes the moment of sending. */
  readonly live?: boolean | undefined;
  /** Only report what the file holds; no server is needed. */
  readonly dryRun?: boolean | undefined;
  /** Where rejected rows are written, as CSV. */
  readonly rejects?: string | undefined;
  /** What rows may take in memory while they are ordered, in bytes; 64 MiB unless given. */
  readonly sortMemoryBytes?: number | undefined;
  /** Where rows are spilled beyond that; the system's temporary directory unless given. */
  readonly temporaryDirectory?: string | undefined;
}
