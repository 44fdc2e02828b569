import { wholeNumber } from "./parsing.js";
import { setting, Problem, type Parse, type SettingUser, type Values } from "./setting.js";

/** How `lastknown topics` creates the topics; no effect on those that exist. */
export interface TopicsSettings {
  /** Undefined: 3 where three brokers exist, else 1. */
  readonly replicationFactor: number | undefined;
  readonly eventsRetentionMs: number;
  /** Undefined: unlimited. */
  readonly auditRetentionMs: number | undefined;
  readonly deadLettersRetentionMs: number;
  /** `max.message.bytes` of the events topic; the others allow 64 KiB more. */
  readonly eventsBatchBytesMax: number;
}

const usedBy: readonly SettingUser[] = ["tools"];
const DAY_MS = 86_400_000;
const retentionRange = { min: 60_000, max: 3650 * DAY_MS };

function unless<Value>(word: string, parse: Parse<Value>): Parse<Value | undefined> {
  return (text) => {
    if (text === word) return undefined;
    const value = parse(text);
    return value instanceof Problem ? new Problem(`${value.text}, or ${word}`) : value;
  };
}

export const topicsDefinition = {
  replicationFactor: setting({
    name: "replication-factor",
    parse: unless("auto", wholeNumber({ min: 1, max: 10 })),
    default: "auto",
    doc: "copies of each new topic, or auto: 3 where three brokers exist, else 1",
    usedBy,
  }),
  eventsRetentionMs: setting({
    name: "events-retention-ms",
    parse: wholeNumber(retentionRange),
    default: String(30 * DAY_MS),
    doc: "how long events are kept in a new topic, in ms",
    usedBy,
  }),
  auditRetentionMs: setting({
    name: "audit-retention-ms",
    parse: unless("unlimited", wholeNumber(retentionRange)),
    default: "unlimited",
    doc: "how long audit entries are kept in a new topic, in ms, or unlimited",
    usedBy,
  }),
  deadLettersRetentionMs: setting({
    name: "dead-letters-retention-ms",
    parse: wholeNumber(retentionRange),
    default: String(365 * DAY_MS),
    doc: "how long dead letters are kept in a new topic, in ms",
    usedBy,
  }),
  eventsBatchBytesMax: setting({
    name: "events-batch-bytes-max",
    parse: wholeNumber({ min: 65_536, max: 67_108_864 }),
    default: "1048588",
    doc: "the largest batch that a new events topic takes, in bytes",
    usedBy,
  }),
};

export function topicsSettings(values: Values<typeof topicsDefinition>): TopicsSettings {
  return { ...values };
}
