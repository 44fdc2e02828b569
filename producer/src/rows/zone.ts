import type { LocalMicros, Micros } from "@lastknown/shared";

/** What a wall-clock time in a zone is: one moment, or none (the clock skipped it), or two (it showed it twice). */
export type ZonedTime = { kind: "instant"; micros: Micros } | { kind: "missing" } | { kind: "twice" };

const DAY_MICROS = 24 * 3600 * 1_000_000;
/** Days whose offset is remembered; the longest legal span of times has 73,000. */
const DAYS_REMEMBERED_MAX = 4096;

/** An IANA zone's wall clock, with its changes between summer and winter time. */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  /** Local day → offset in µs, only for days that no change of the clock is near. */
  readonly #steadyDays = new Map<number, number>();

  /** @throws RangeError if the zone is not known here */
  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  toInstant(local: LocalMicros): ZonedTime {
    const day = Math.floor(local / DAY_MICROS);
    const steady = this.#steadyDays.get(day);
    if (steady !== undefined) return { kind: "instant", micros: local - steady };
    const offsets = this.#offsetsNear(local, day);
    if (offsets.length === 1) this.#remember(day, offsets[0] as number);
    const moments = offsets
      .map((offset) => local - offset)
      .filter((micros) => micros + this.#offsetAt(micros) === local);
    if (moments.length === 0) return { kind: "missing" };
    return moments.length === 1 ? { kind: "instant", micros: moments[0] as number } : { kind: "twice" };
  }

  /** The different offsets from UTC in force from the day before to the day after, both whole. */
  #offsetsNear(local: LocalMicros, day: number): number[] {
    const moments = [
      (day - 1) * DAY_MICROS,
      local - DAY_MICROS,
      local,
      local + DAY_MICROS,
      (day + 2) * DAY_MICROS,
    ];
    return [...new Set(moments.map((micros) => this.#offsetAt(micros)))];
  }

  #remember(day: number, offset: number): void {
    if (this.#steadyDays.size >= DAYS_REMEMBERED_MAX) this.#steadyDays.clear();
    this.#steadyDays.set(day, offset);
  }

  /** How far the wall clock is ahead of UTC at this moment, in µs. */
  #offsetAt(micros: Micros): number {
    const seconds = Math.floor(micros / 1_000_000);
    const parts: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(seconds * 1000)) parts[type] = Number(value);
    const wall = Date.UTC(
      parts["year"] as number,
      (parts["month"] as number) - 1,
      parts["day"],
      parts["hour"],
      parts["minute"],
      parts["second"],
    );
    return (wall / 1000 - seconds) * 1_000_000;
  }
}
