import type { Moment } from "./moment.js";

const MICROS_PER_SECOND = 1_000_000n;
const SECONDS_PER_HOUR = 3600;
/** No zone was ever farther from UTC, nor did one move its clock by more than a day. */
const HOURS_AROUND = 28;

/**
 * The wall clock of an IANA zone. Which moments it showed a time at is found by trying: every offset that the zone
 * had within a day or so is taken off, and the moment counts where the zone had that very offset.
 */
export class WallClock {
  readonly #format: Intl.DateTimeFormat;
  /** Hour since 1970 → offset in seconds at its begin. */
  readonly #offsets = new Map<number, number>();

  constructor(zone: string) {
    this.#format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  }

  /** None where the clock skipped the time, two where it showed it twice. `local` counts as if it were UTC. */
  momentsAt(local: Moment): Moment[] {
    const micros = ((local % MICROS_PER_SECOND) + MICROS_PER_SECOND) % MICROS_PER_SECOND;
    const second = Number((local - micros) / MICROS_PER_SECOND);
    const hour = Math.floor(second / SECONDS_PER_HOUR);
    const offsets = new Set<number>();
    for (let near = hour - HOURS_AROUND; near <= hour + HOURS_AROUND; near++) offsets.add(this.#atHour(near));
    return [...offsets]
      .filter((offset) => this.#at(second - offset) === offset)
      .map((offset) => local - BigInt(offset) * MICROS_PER_SECOND);
  }

  #at(second: number): number {
    const hour = Math.floor(second / SECONDS_PER_HOUR);
    const [begin, end] = [this.#atHour(hour), this.#atHour(hour + 1)];
    return begin === end ? begin : this.#ask(second);
  }

  #atHour(hour: number): number {
    const known = this.#offsets.get(hour);
    if (known !== undefined) return known;
    const offset = this.#ask(hour * SECONDS_PER_HOUR);
    this.#offsets.set(hour, offset);
    return offset;
  }

  /** The zone's name at a moment is its offset, as in `GMT+05:30` or `GMT-00:44:30`. */
  #ask(second: number): number {
    const text = this.#format.format(second * 1000);
    const [, sign, hours, minutes = "0", seconds = "0"] =
      /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text) ?? [];
    if (hours === undefined) return 0;
    const offset = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
    return sign === "-" ? -offset : offset;
  }
}
