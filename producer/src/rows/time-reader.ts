import {
  OUT_OF_RANGE,
  isLegalTime,
  parseEpochTime,
  parseIsoTime,
  type EpochUnit,
  type Micros,
  type ParsedTime,
} from "@lastknown/shared";
import type { Problem, RejectionReason } from "../csv/rejection.js";
import type { Zone } from "./zone.js";

export interface TimeOptions {
  /** What a time that is a plain number counts. */
  readonly unit: EpochUnit;
  /** For times without `Z` or offset; without it they are refused. */
  readonly zone: Zone | undefined;
}

export type CellTime =
  { kind: "time"; micros: Micros; truncated: boolean } | { kind: "problem"; problem: Problem };

const NUMBER = /^-?\d+(?:[.,]\d+)?$/;

/** Reads the times of one column. Neighbouring rows often share a time, so the last one is remembered. */
export class TimeReader {
  readonly #column: string;
  readonly #options: TimeOptions;
  #lastText = "";
  #last: CellTime;

  constructor(column: string, options: TimeOptions) {
    this.#column = JSON.stringify(column);
    this.#options = options;
    this.#last = this.#problem("no-time", "is empty");
  }

  read(text: string): CellTime {
    if (text === this.#lastText) return this.#last;
    this.#last = this.#parse(text);
    this.#lastText = text;
    return this.#last;
  }

  #parse(text: string): CellTime {
    if (text === "") return this.#problem("no-time", "is empty");
    const time = NUMBER.test(text) ? parseEpochTime(text, this.#options.unit) : parseIsoTime(text);
    switch (time.kind) {
      case "instant":
        return { kind: "time", micros: time.micros, truncated: time.truncated };
      case "local":
        return this.#fromWallClock(time, text);
      case "invalid": {
        const reason = time.reason === OUT_OF_RANGE ? "time-out-of-range" : "bad-time";
        return this.#problem(reason, `holds ${shown(text)}: ${time.reason}`);
      }
    }
  }

  #fromWallClock(time: Extract<ParsedTime, { kind: "local" }>, text: string): CellTime {
    const { zone } = this.#options;
    if (zone === undefined) {
      return this.#problem(
        "time-without-zone",
        `holds ${shown(text)} without Z or offset; name its zone with --zone`,
      );
    }
    const zoned = zone.toInstant(time.local);
    switch (zoned.kind) {
      case "missing":
        return this.#problem(
          "local-time-missing",
          `holds ${shown(text)}, which the clock in ${zone.name} skipped`,
        );
      case "twice":
        return this.#problem(
          "local-time-twice",
          `holds ${shown(text)}, which the clock in ${zone.name} showed twice`,
        );
      case "instant":
        return isLegalTime(zoned.micros)
          ? { kind: "time", micros: zoned.micros, truncated: time.truncated }
          : this.#problem("time-out-of-range", `holds ${shown(text)}: ${OUT_OF_RANGE}`);
    }
  }

  #problem(reason: RejectionReason, text: string): CellTime {
    return { kind: "problem", problem: { reason, detail: `column ${this.#column} ${text}` } };
  }
}

const SHOWN_MAX = 60;

/** A cell as an error shows it. */
export function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text);
}
