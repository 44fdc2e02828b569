import { oneOf, port, text, wholeNumber } from "./parsing.js";
import { Problem, setting, type Parse, type SettingUser, type Values } from "./setting.js";

export const VIEW_KINDS = ["lmdb", "memory"] as const;
export type ViewKind = (typeof VIEW_KINDS)[number];

export interface QuerySettings {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Where the view keeps its files; one query service each. */
  readonly dataDirectory: string;
  readonly view: ViewKind;
  /** Entries folded into the view in one transaction: it holds the event loop meanwhile. */
  readonly foldRecordsMax: number;
  readonly fetchBytesMax: number;
  readonly fetchWaitMs: number;
  /** How long after a small fetch the next one waits, so that entries share transactions. */
  readonly lingerMs: number;
  /** How long an answer may wait for Redis before the view answers. */
  readonly redisDeadlineMs: number;
  /** How long after its start the service is not ready while its view has not caught up. */
  readonly catchUpGraceMs: number;
  readonly drainDeadlineMs: number;
}

const usedBy: readonly SettingUser[] = ["query"];

const directory: Parse<string> = (path) =>
  path.includes("\0") ? new Problem("must be a path without a NUL") : path;

export const queryDefinition = {
  host: setting({
    name: "query-host",
    parse: text,
    default: "127.0.0.1",
    doc: "the address on which the query service listens; 0.0.0.0 for all",
    usedBy: ["query", "tools"],
  }),
  port: setting({
    name: "query-port",
    parse: port,
    default: "8080",
    doc: "the query service's port; 0 takes any free one",
    usedBy: ["query", "tools"],
  }),
  dataDirectory: setting({
    name: "data-directory",
    parse: directory,
    default: ".lastknown/data",
    doc: "where the view keeps its files; one query service each",
    usedBy,
  }),
  view: setting({
    name: "view",
    parse: oneOf(VIEW_KINDS),
    default: "lmdb",
    doc: "where the view lives: lmdb (on disk) or memory",
    usedBy,
  }),
  foldRecordsMax: setting({
    name: "query-fold-records-max",
    parse: wholeNumber({ min: 1, max: 10_000 }),
    default: "500",
    doc: "audit entries per transaction of the view, at most; while questions are asked 100, unless answers take longer",
    usedBy,
  }),
  fetchBytesMax: setting({
    name: "query-fetch-bytes-max",
    parse: wholeNumber({ min: 65_536, max: 67_108_864 }),
    default: "1048576",
    doc: "bytes per fetch of the audit",
    usedBy,
  }),
  fetchWaitMs: setting({
    name: "query-fetch-wait-ms",
    parse: wholeNumber({ min: 1, max: 5000 }),
    default: "250",
    doc: "how long the broker may hold back a fetch that finds nothing, in ms",
    usedBy,
  }),
  lingerMs: setting({
    name: "query-linger-ms",
    parse: wholeNumber({ min: 0, max: 1000 }),
    default: "20",
    doc: "how long at most the next fetch waits after a small one, so that entries share transactions, in ms",
    usedBy,
  }),
  redisDeadlineMs: setting({
    name: "query-redis-deadline-ms",
    parse: wholeNumber({ min: 10, max: 60_000 }),
    default: "500",
    doc: "how long an answer waits for Redis before the view answers, in ms",
    usedBy,
  }),
  catchUpGraceMs: setting({
    name: "query-catch-up-grace-ms",
    parse: wholeNumber({ min: 0, max: 86_400_000 }),
    default: "300000",
    doc: "how long after its start the service is not ready while its view has not caught up, in ms",
    usedBy,
  }),
  drainDeadlineMs: setting({
    name: "query-drain-deadline-ms",
    parse: wholeNumber({ min: 100, max: 600_000 }),
    default: "5000",
    doc: "how long finishing open requests may last when the service stops, in ms",
    usedBy,
  }),
};

export function querySettings(values: Values<typeof queryDefinition>): QuerySettings {
  return { ...values };
}
