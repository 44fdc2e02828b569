import type { Micros } from "@lastknown/shared";
import { Random } from "./random.js";
import { SAMPLE_HEADER, sampleLine } from "./sample-line.js";
import { Vehicle } from "./vehicle.js";

export interface SampleOptions {
  /** Vehicles in the fleet. */
  readonly users: number;
  /** Lines after the header. */
  readonly rows: number;
  /** The same seed gives the same file, on every platform. */
  readonly seed: number;
}

/** 2024-03-10T06:00:00Z, the moment of the first arrival. */
const STARTS_AT: Micros = Date.UTC(2024, 2, 10, 6) * 1000;
/** The arrivals of any sample spread over one day. */
const SPAN: Micros = 24 * 60 * 60 * 1_000_000;
/** A line leaves this window at random, so it stands at most about this many places too early in the file. */
const SHUFFLE_WINDOW_ROWS = 200;

/** Rows received in one instant with the row before them, and rows received within a millisecond after it. */
const SAME_STS_PER_MILLE = 30;
const CLOSE_STS_PER_MILLE = 40;
/** How many of those come from the vehicle that sent the row before. */
const SAME_VEHICLE_PER_MILLE = 500;
const RESEND_PER_MILLE = 40;
const EXACT_RESEND_PER_MILLE = 8;

/**
 * The lines of a CSV file, header first, without line ends: a fleet of vehicles as hostile as real data. About
 * three rows in four arrive older than what is already known of their vehicle, mostly backlogs uploaded newest
 * first; rows come twice; `sts` has ties; clocks run ahead and behind. The file is shuffled within a window.
 * `cargo_temperature` is empty in its first half.
 *
 * @example
 * for (const line of generateSample({ users: 50, rows: 10_000, seed: 7 })) process.stdout.write(`${line}\n`);
 */
export function* generateSample(options: SampleOptions): Generator<string, void, undefined> {
  checkOptions(options);
  yield SAMPLE_HEADER;
  const random = new Random(options.seed);
  yield* shuffled(linesByArrival(options, random), random);
}

/** @throws RangeError naming the option that has no use */
function checkOptions({ users, rows, seed }: SampleOptions): void {
  if (!Number.isSafeInteger(users) || users < 1)
    throw new RangeError(`users must be 1 or more, not ${users}`);
  if (!Number.isSafeInteger(rows) || rows < 0) throw new RangeError(`rows must be 0 or more, not ${rows}`);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed must be a whole number, not ${seed}`);
}

function* linesByArrival({ users, rows }: SampleOptions, random: Random): Generator<string, void, undefined> {
  const fleet = Array.from({ length: users }, (_, index) => new Vehicle(index, STARTS_AT, random));
  let sts: Micros = STARTS_AT;
  let vehicle = random.pick(fleet);
  let line = "";
  for (let row = 0; row < rows; row++) {
    if (row > 0 && random.chance(EXACT_RESEND_PER_MILLE)) {
      yield line;
      continue;
    }
    const tie = row > 0 && random.chance(SAME_STS_PER_MILLE);
    const close = !tie && row > 0 && random.chance(CLOSE_STS_PER_MILLE);
    if (close) sts += random.between(1, 999);
    else if (!tie) sts = Math.max(sts + 1, arrivalTime(row, rows, random));
    if (!((tie || close) && random.chance(SAME_VEHICLE_PER_MILLE))) vehicle = random.pick(fleet);

    const again = random.chance(RESEND_PER_MILLE) ? vehicle.resend() : undefined;
    const observation = again ?? vehicle.upload(sts, row >= rows / 2 + SHUFFLE_WINDOW_ROWS);
    line = sampleLine(observation, sts);
    yield line;
  }
}

function arrivalTime(row: number, rows: number, random: Random): Micros {
  const step = Math.floor(SPAN / rows);
  const jitter = random.below(step + 1);
  const arrival = STARTS_AT + Math.floor((SPAN / rows) * row) + jitter;
  // Our side's clock too gives milliseconds at some times and microseconds at others.
  return random.chance(400) ? Math.floor(arrival / 1000) * 1000 : arrival;
}

/** Gives all lines, each up to SHUFFLE_WINDOW_ROWS places early and as late as chance has it. */
function* shuffled(lines: Iterable<string>, random: Random): Generator<string, void, undefined> {
  const window: string[] = [];
  for (const line of lines) {
    if (window.length < SHUFFLE_WINDOW_ROWS) {
      window.push(line);
      continue;
    }
    const place = random.below(SHUFFLE_WINDOW_ROWS);
    yield window[place] as string;
    window[place] = line;
  }
  while (window.length > 0) {
    const place = random.below(window.length);
    yield window[place] as string;
    window[place] = window[window.length - 1] as string;
    window.pop();
  }
}
