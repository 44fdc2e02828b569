import type { ColumnType, ExitCode } from "@lastknown/shared";
import type { Rejection, RejectionReason } from "../csv/rejection.js";
import type { Drift } from "../schedule/drift-histogram.js";

/** What a replay found and did: the answer of `replay --json`. Times are ISO 8601 in UTC. */
export interface ReplaySummary {
  readonly file: string;
  readonly dryRun: boolean;
  /** A signal ended it before its time. */
  readonly interrupted: boolean;
  /** Rows of the file below its header, rejected ones included. */
  readonly rows: number;
  /** Rows that `--start` and `--end` leave out. */
  readonly outsideWindow: number;
  /** Rows that a checkpoint says were done before: published, or refused as too large. */
  readonly resumed: number;
  /** Rows that the broker has acknowledged in this run. */
  readonly published: number;
  /** How often the file was sent, the turn that was cut short included. */
  readonly turns: number;
  /** Different users. */
  readonly users: number;
  /** Rows older than what had come before for their user. */
  readonly late: number;
  /** Rows whose event id had come before. */
  readonly duplicates: number;
  /** Rows with the same `sts` as the row before of their user. */
  readonly ties: number;
  /**
   * False: the four counts above are lower bounds, as there are more users or ids than are told apart, or an earlier
   * run sent more than one turn of the file, of which only the first is counted.
   */
  readonly countsExact: boolean;
  readonly rejected: number;
  readonly rejectedByReason: Readonly<Partial<Record<RejectionReason, number>>>;
  /** The first few rejected rows. */
  readonly rejectedExamples: readonly Pick<Rejection, "line" | "reason" | "detail">[];
  /** Times with more than six fraction digits, which were cut. */
  readonly truncatedFractions: number;
  readonly columns: {
    readonly user: string;
    readonly time: string;
    /** null: no arrival column, so `sts` is `time_stamp`. */
    readonly arrival: string | null;
    /** Types of the attributes; null: no value yet. */
    readonly types: Readonly<Record<string, ColumnType | null>>;
    /** Columns that hold times shortly after the event's: how often it was sent, not what was seen. */
    readonly looksLikeSendingTime: readonly string[];
  };
  /** First and last `sts` of the rows within the window, null if there are none. */
  readonly firstSts: string | null;
  readonly lastSts: string | null;
  /** Acknowledged minus planned moment, in ms; null where nothing was planned (`--speed max`). */
  readonly drift: Drift | null;
  /** When the first row was planned, ISO 8601 in UTC; null where no row was due for sending. */
  readonly startedAt: string | null;
  /** That row's `sts` in the file: the moment from which the others are planned. */
  readonly startedAtSts: string | null;
  readonly readSeconds: number;
  readonly publishSeconds: number;
  /** Rows published per second of publishing. */
  readonly rowsPerSecond: number;
  /** Bytes of rows written to disk to order them; 0: they fitted into memory. */
  readonly spilledBytes: number;
  readonly schemaId: number | null;
  /** What the process should end with, unless a signal says otherwise. */
  readonly exitCode: ExitCode;
}
