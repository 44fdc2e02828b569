import { FatalError, exitCodes, type ColumnType, type EventSchema, type Micros } from "@lastknown/shared";
import { mapColumns, type ColumnMapping } from "../columns/column-mapping.js";
import { ColumnTypes } from "../columns/column-types.js";
import type { CsvRow, CsvSink } from "../csv/csv-parser.js";
import type { Dialect } from "../csv/dialect.js";
import type { Rejection } from "../csv/rejection.js";
import { SendingTimes } from "../report/sending-times.js";
import { isProblem, RowReader } from "../rows/row-reader.js";
import type { TimeOptions } from "../rows/time-reader.js";
import type { ReplayOptions } from "./replay-options.js";

/** A row whose user and times are legal. Its bytes are valid during the call only. */
export interface AcceptedRow extends CsvRow {
  readonly user: string;
  readonly timeStamp: Micros;
  readonly sts: Micros;
}

export interface RowIntakeOptions {
  readonly options: ReplayOptions;
  readonly times: TimeOptions;
  /** The registry's latest schema, if there is one. */
  readonly latest: EventSchema | undefined;
  readonly accept: (row: AcceptedRow) => void;
  readonly reject: (rejection: Rejection) => void;
}

/** Makes an intake that hands its rows on in the way they are replayed. */
export type IntakeFactory = (accept: (row: AcceptedRow) => void) => RowIntake;

/** What is known once the header was read. */
export interface IntakeColumns {
  readonly dialect: Dialect;
  readonly mapping: ColumnMapping;
  readonly commaAllowed: boolean;
  readonly types: ColumnTypes;
  readonly rows: RowReader;
  readonly sendingTimes: SendingTimes;
}

/** Takes rows as they stand in the file: reads who and when, learns the types, and lets the legal ones pass. */
export class RowIntake implements CsvSink {
  readonly #options: RowIntakeOptions;
  #columns: IntakeColumns | undefined;
  rows = 0;
  outsideWindow = 0;
  truncatedFractions = 0;
  /** Of the rows that passed. */
  firstSts = Infinity;
  lastSts = -Infinity;

  constructor(options: RowIntakeOptions) {
    this.#options = options;
  }

  get hasHeader(): boolean {
    return this.#columns !== undefined;
  }

  /** @throws FatalError (usage) if not even a header was read */
  get columns(): IntakeColumns {
    if (this.#columns !== undefined) return this.#columns;
    throw new FatalError(`${this.#options.options.file} is empty`, {
      fix: "give a CSV whose first line names its columns",
      exitCode: exitCodes.usage,
    });
  }

  header(header: string[], dialect: Dialect): void {
    const { options, times, latest } = this.#options;
    const mapping = mapColumns(header, options);
    const { decimal = "auto" } = options;
    const commaAllowed = decimal === "," || (decimal === "auto" && dialect.separator !== ",");
    this.#columns = {
      dialect,
      mapping,
      commaAllowed,
      types: new ColumnTypes({ mapping, named: namedTypes(options), latest, commaAllowed }),
      rows: new RowReader(mapping, times),
      sendingTimes: new SendingTimes(mapping, times),
    };
  }

  row(row: CsvRow): void {
    this.rows++;
    const { columns } = this;
    const { line, raw, cells } = row;
    const head = columns.rows.read(cells);
    if (isProblem(head)) {
      this.#options.reject({ line, raw: Buffer.from(raw), ...head });
      return;
    }
    const { user, timeStamp, sts, truncated } = head;
    if (!this.#isInWindow(sts)) {
      this.outsideWindow++;
      return;
    }
    this.truncatedFractions += truncated;
    this.firstSts = Math.min(this.firstSts, sts);
    this.lastSts = Math.max(this.lastSts, sts);
    columns.types.learn(cells);
    columns.sendingTimes.learn(cells, timeStamp);
    this.#options.accept({ line, raw, cells, user, timeStamp, sts });
  }

  rejected(rejection: Rejection): void {
    this.rows++;
    this.#options.reject(rejection);
  }

  #isInWindow(sts: Micros): boolean {
    const { start = -Infinity, end = Infinity } = this.#options.options;
    return sts >= start && sts < end;
  }
}

function namedTypes({ types = {} }: ReplayOptions): Record<string, ColumnType> {
  return Object.assign(Object.create(null) as Record<string, ColumnType>, types);
}
