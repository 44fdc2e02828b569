import type { Micros } from "@lastknown/shared";
import { clockOf, readClock, type Clock } from "./clock.js";
import type { Random } from "./random.js";

/** One observation as the vehicle recorded it: all cells of a row but `sts`. A re-sent one is the same again. */
export interface Observation {
  readonly deviceId: string;
  /** When it happened, by the vehicle's clock. */
  readonly timeStamp: Micros;
  /** Minutes east of UTC in which the vehicle prints its times. */
  readonly zoneMinutes: number;
  /** The cells after the times, in the order of the header. */
  readonly cells: readonly string[];
}

const SECOND: Micros = 1_000_000;
const MINUTE: Micros = 60 * SECOND;

/** Chance per 1,000 live rows that the vehicle was out of reach before it and has a backlog to upload. */
const OFFLINE_PER_MILLE = 450;
const BACKLOG_LEAST = 3;
const BACKLOG_MOST = 16;
/** Chance per 1,000 uploads that a vehicle with a backlog sends a live row in between. */
const LIVE_AMID_BACKLOG_PER_MILLE = 70;
/** How many sent rows a vehicle may send again. */
const SENT_KEPT = 8;
/** A vehicle that knows its position and speed only now and then leaves the cells empty. */
const EMPTY_CELL_PER_MILLE = 80;

const DRIVERS = ["Zoë", "Müller, Jo", 'Ana "Speedy" Ruiz', "李雷", "O'Neil", "Ngũgĩ 🚚", ""];
const BADGES = ["007", "0042", "12", "000", "31415", ""];
const UNUSUAL_IDS: ReadonlyMap<number, string> = new Map([
  [5, "café/5"],
  [6, "{6}"],
]);

/**
 * One vehicle: where it is, what it has still to upload (newest first), and what it sent of late. Its clock
 * and position go on for as long as it is asked for rows; nothing else is kept.
 */
export class Vehicle {
  readonly #random: Random;
  readonly #deviceId: string;
  readonly #clock: Clock;
  readonly #bootedAt: Micros;
  readonly #zoneMinutes: number;
  /** Whether its times have microseconds, or milliseconds only. */
  readonly #fineTimes: boolean;
  /** Recorded out of reach, oldest first; uploaded from the end. At most BACKLOG_MOST. */
  readonly #backlog: Observation[] = [];
  /** At most SENT_KEPT, oldest first. */
  readonly #sent: Observation[] = [];
  #lastRecordedAt: Micros;
  /** In 1e-5 degrees. */
  #latitude: number;
  #longitude: number;
  /** In metres. */
  #odometer: number;

  constructor(index: number, startsAt: Micros, random: Random) {
    this.#random = random;
    this.#deviceId = UNUSUAL_IDS.get(index) ?? `veh-${String(index).padStart(3, "0")}`;
    this.#clock = clockOf(index);
    this.#bootedAt = startsAt - random.below(600) * MINUTE;
    this.#zoneMinutes = index % 10 === 9 ? 60 : 0;
    this.#fineTimes = index % 3 !== 0;
    this.#lastRecordedAt = startsAt - random.between(60, 240) * MINUTE;
    this.#latitude = 4_885_000 + random.below(20_000);
    this.#longitude = 235_000 + random.below(20_000);
    this.#odometer = random.between(1_000, 400_000_000);
  }

  /** What the vehicle sends at `sts`: the newest of its backlog, or something that has just happened. */
  upload(sts: Micros, withCargo: boolean): Observation {
    const fromBacklog = this.#backlog.length > 0 && !this.#random.chance(LIVE_AMID_BACKLOG_PER_MILLE);
    const waiting = fromBacklog ? this.#backlog.pop() : undefined;
    const observation = waiting ?? this.#live(sts, withCargo);
    this.#sent.push(observation);
    if (this.#sent.length > SENT_KEPT) this.#sent.shift();
    return observation;
  }

  /** Something that was sent before, or undefined while nothing was. */
  resend(): Observation | undefined {
    return this.#sent.length === 0 ? undefined : this.#random.pick(this.#sent);
  }

  #live(sts: Micros, withCargo: boolean): Observation {
    const happenedAt = sts - this.#random.between(20_000, 4 * SECOND);
    if (this.#backlog.length === 0 && this.#random.chance(OFFLINE_PER_MILLE)) {
      this.#recordBacklog(happenedAt, withCargo);
    }
    return this.#record(happenedAt, withCargo);
  }

  /** Records what happened since the last row, spread over the time out of reach. */
  #recordBacklog(until: Micros, withCargo: boolean): void {
    const count = this.#random.between(BACKLOG_LEAST, BACKLOG_MOST);
    const step = Math.floor((until - this.#lastRecordedAt) / (count + 1));
    if (step < count) return;
    const from = this.#lastRecordedAt;
    for (let number = 1; number <= count; number++) {
      const moment = from + number * step + this.#random.below(Math.floor(step / 2) + 1);
      this.#backlog.push(this.#record(moment, withCargo));
    }
  }

  #record(moment: Micros, withCargo: boolean): Observation {
    this.#lastRecordedAt = Math.max(this.#lastRecordedAt, moment);
    const shown = readClock(this.#clock, moment, this.#bootedAt, this.#random);
    const timeStamp = this.#fineTimes ? shown : Math.floor(shown / 1000) * 1000;
    const cells = this.#measure(withCargo);
    return { deviceId: this.#deviceId, timeStamp, zoneMinutes: this.#zoneMinutes, cells };
  }

  /** latitude, longitude, speed, odometer, battery (%), ignition, driver, badge, cargo_temperature */
  #measure(withCargo: boolean): string[] {
    const random = this.#random;
    this.#latitude += random.between(-300, 300);
    this.#longitude += random.between(-300, 300);
    this.#odometer += random.below(2_000);
    const positionKnown = !random.chance(EMPTY_CELL_PER_MILLE);
    return [
      positionKnown ? decimal(this.#latitude, 5) : "",
      positionKnown ? decimal(this.#longitude, 5) : "",
      random.chance(EMPTY_CELL_PER_MILLE) ? "" : decimal(random.below(1300), 1),
      String(this.#odometer),
      random.chance(EMPTY_CELL_PER_MILLE) ? "" : String(random.between(0, 100)),
      random.chance(EMPTY_CELL_PER_MILLE) ? "" : random.pick(["true", "false"]),
      random.pick(DRIVERS),
      random.pick(BADGES),
      withCargo && random.chance(700) ? decimal(random.between(-250, 250), 1) : "",
    ];
  }
}

/** A whole number of 10^-digits as a decimal; by integers alone, so that no platform rounds otherwise. */
function decimal(scaled: number, digits: number): string {
  const text = String(Math.abs(scaled)).padStart(digits + 1, "0");
  return `${scaled < 0 ? "-" : ""}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
