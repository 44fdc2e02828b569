import {
  AuditEntryEncoder,
  auditEntryKey,
  EventEncoder,
  evolveEventSchema,
  schemaCopyKey,
  silentLogger,
} from "@lastknown/shared";
import { Random } from "@lastknown/producer";
import { BEGIN, TIMES } from "./arrival-times.mjs";
import { built } from "../check/built.mjs";

const RECORDS_PER_FOLD = 500;
const AUDIT_SCHEMA_ID = 7;
const EVENT_SCHEMA_ID = 1;
const PARTITION = 0;
const COLUMNS = [
  ["battery", "double"],
  ["latitude", "double"],
  ["longitude", "double"],
  ["note", "string"],
  ["speed", "double"],
];
const ATTRIBUTES = { battery: 50, latitude: 48.12345, longitude: 2.12345, note: "on its way", speed: 50.5 };
/**
 * Folds arrivals of users into a view, as the query service folds the audit: three in four of them late. Only what
 * the service does of them is counted.
 */
export class ViewFiller {
  #fold;
  #random;
  #times;
  #users;
  #encoder;
  #entries = new AuditEntryEncoder(AUDIT_SCHEMA_ID);
  #offset = 0;
  #turns = new Map();

  /** @param {{ store: object, fleet: object, users: number, turns: number, lateness: keyof TIMES }} options `turns`: arrivals of each user */
  static async open({ store, fleet, users, turns, lateness }) {
    const { AuditFolder } = await built("query", "folding/audit-folder.js");
    const observer = { folded: () => undefined, failed: () => undefined, unreadable: requireReadable };
    const folder = new AuditFolder({ store, fleet, auditTopic: "audit", observer, logger: silentLogger });
    return new ViewFiller({ folder, users, turns, lateness });
  }

  constructor({ folder, users, turns, lateness }) {
    const columns = COLUMNS.map(([header, type]) => ({ header, type }));
    const schema = evolveEventSchema(undefined, columns);
    this.#users = users;
    this.#times = (turn) => TIMES[lateness](this.#random, turn, turns);
    this.#random = new Random(users);
    this.#encoder = new EventEncoder(schema, EVENT_SCHEMA_ID);
    this.#fold = (records) =>
      folder.fold([{ partition: PARTITION, records, nextOffset: records.at(-1).offset + 1 }]);
    this.#fold([
      {
        ...NO_HEADERS,
        offset: 0,
        key: schemaCopyKey(EVENT_SCHEMA_ID),
        value: Buffer.from(schema.text),
      },
    ]);
  }

  /** @returns µs of CPU time, the collector's threads included, for each of so many more arrivals */
  add(arrivals) {
    let micros = 0;
    for (let left = arrivals; left > 0; left -= RECORDS_PER_FOLD) {
      const records = Array.from({ length: Math.min(left, RECORDS_PER_FOLD) }, () => this.#next());
      const before = process.cpuUsage();
      this.#fold(records);
      const { user, system } = process.cpuUsage(before);
      micros += user + system;
    }
    return micros / arrivals;
  }

  #next() {
    const user = userAt(this.#random.below(this.#users));
    const turn = (this.#turns.get(user) ?? -1) + 1;
    this.#turns.set(user, turn);
    const { happened, received } = this.#times(turn);
    const offset = this.#offset++;
    const eventId = offset.toString(16).padStart(32, "0");
    const [timeStamp, sts] = [BEGIN + happened, BEGIN + received];
    const event = { eventId, user, timeStamp, sts, attributes: ATTRIBUTES };
    const body = this.#encoder.encode(event).subarray(5);
    const place = { partition: PARTITION, offset, appendedAtMs: BEGIN / 1000, schemaId: EVENT_SCHEMA_ID };
    return {
      ...NO_HEADERS,
      offset: offset + 1,
      key: auditEntryKey(user, PARTITION, offset, eventId),
      value: this.#entries.encode({ ...place, event: body }),
    };
  }
}

const NO_HEADERS = { appendedAtMs: BEGIN / 1000, headers: {} };

export function userAt(index) {
  return `unit-${1e7 + index}`;
}

function requireReadable(reason, detail) {
  throw new Error(`an entry cannot be read: ${reason} ${detail ?? ""}`);
}
