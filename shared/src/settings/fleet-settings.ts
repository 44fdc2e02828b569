import { BUCKETS, DEFAULT_MAX_FUTURE_SKEW, type MaxFutureSkew } from "../domain/index.js";
import { wholeNumber } from "./parsing.js";
import { Problem, setting, type Parse, type SettingUser, type Values } from "./setting.js";

/** What all processes of one data set agree on; held against the fleet record at the start. */
export interface FleetSettings {
  /** Prefix of topics, schema subjects, the group and the Redis keys. */
  readonly name: string;
  readonly partitions: number;
  /** µs; Infinity for off. */
  readonly maxFutureSkewMicros: MaxFutureSkew;
}

/** Kafka allows 249 characters in a topic's name; the rest is left to our suffixes. */
const FLEET_NAME_LENGTH_MAX = 100;

/** A legal beginning of a topic's name. Braces are refused with all else, as they would choose the Redis slot. */
const fleetName: Parse<string> = (text) => {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text) && text.length <= FLEET_NAME_LENGTH_MAX) return text;
  return new Problem(`must be letters, digits, ".", "_" or "-", at most ${FLEET_NAME_LENGTH_MAX} of them`);
};

const partitions: Parse<number> = (text) => {
  const number = wholeNumber({ min: 1, max: BUCKETS })(text);
  if (typeof number === "number" && BUCKETS % number === 0) return number;
  return new Problem(`must divide ${BUCKETS}: 1, 2, 4, 8, 16, 32, 64, 128 or 256`);
};

/** A year: a skew beyond it is a mistake of units. */
const SKEW_SECONDS_MAX = 31_622_400;

const skew: Parse<MaxFutureSkew> = (text) => {
  if (text === "off") return Number.POSITIVE_INFINITY;
  const seconds = wholeNumber({ min: 0, max: SKEW_SECONDS_MAX })(text);
  if (typeof seconds === "number") return seconds * 1_000_000;
  return new Problem(`must be whole seconds from 0 to ${SKEW_SECONDS_MAX}, or off`);
};

const usedBy: readonly SettingUser[] = ["replay", "worker", "query", "tools"];

export const fleetDefinition = {
  name: setting({
    name: "fleet",
    parse: fleetName,
    default: "lastknown",
    doc: "the data set's name: prefix of its topics, schema subject, group and Redis keys",
    usedBy,
  }),
  partitions: setting({
    name: "partitions",
    parse: partitions,
    default: "16",
    doc: "partitions of the events and of the audit topic; fixed for the fleet's life",
    usedBy,
  }),
  maxFutureSkewMicros: setting({
    name: "max-future-skew",
    parse: skew,
    default: String(DEFAULT_MAX_FUTURE_SKEW / 1_000_000),
    doc: "how far a device clock may run ahead of ours before it is clamped, in seconds, or off; fixed for the fleet's life",
    usedBy,
  }),
};

export function fleetSettings(values: Values<typeof fleetDefinition>): FleetSettings {
  return { ...values };
}
