// The events that the drain measures with: about 150 bytes each as they stand in Kafka, 74 % of them late.

import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { Random } from "@lastknown/producer";

export const LATE_SHARE = 0.74;
/** So that no user stands still. */
const LATE_SHARE_OF_SEEN_MAX = 0.9;
const BEGIN_MS = Date.UTC(2024, 0, 1);
/** When the first one happened. */
export const DRAIN_BEGIN_MICROS = BEGIN_MS * 1000;
/** Between two events of the whole fleet. */
export const DRAIN_STEP_MICROS = 7000;
/** A late one happened up to so long before its user's newest. */
const LATE_MS_MAX = 3_600_000;
const LINES_PER_WRITE = 5000;
const NOTE = "on its way to the next station";

/**
 * Writes them as CSV, the same ones each time for the same size.
 *
 * A user's first event cannot be late. So of those who have been seen more are late than 74 %, evenly from the first
 * event to the last, for 74 % of all to be; where there are fewer than some five for each user, 90 % are.
 * @param {string} file
 * @param {{ events: number, users: number }} size
 * @returns {Promise<Map<string, number>>} user → when its newest event happened, ms since 1970
 */
export async function writeDrainEvents(file, { events, users }) {
  return await writePacedEvents(file, { paces: [{ events, everyMicros: DRAIN_STEP_MICROS }], users });
}

/**
 * The same, with a pace of their own: who replays them in their own time sends each at its moment.
 * @param {string} file
 * @param {{ paces: readonly { events: number, everyMicros: number }[], users: number, afterMicros?: number }} size one
 *   pace after the other, the first so long after the begin of all such events
 * @returns {Promise<Map<string, number>>} as above
 */
export async function writePacedEvents(file, { paces, users, afterMicros = 0 }) {
  const all = paces.reduce((sum, { events }) => sum + events, 0);
  const random = new Random(all ^ users);
  const newest = new Map();
  const out = createWriteStream(file);
  out.write("user_id,time_stamp,sts,latitude,longitude,speed,heading,battery,note\n");
  const latePerMille = Math.round(1000 * lateShareOfSeen(all, users));
  let sinceBegin = afterMicros;
  for (const { events, everyMicros } of paces) {
    for (let written = 0; written < events;) {
      const lines = [];
      for (; lines.length < LINES_PER_WRITE && written < events; written++, sinceBegin += everyMicros) {
        lines.push(
          lineOf({ sinceBegin, user: drainUser(random.below(users)), random, newest, latePerMille }),
        );
      }
      if (!out.write(lines.join(""))) await once(out, "drain");
    }
  }
  out.end();
  await once(out, "finish");
  return newest;
}

/** @param {number} index below the number of users */
export function drainUser(index) {
  return `unit-${1e6 + index}`;
}

function lineOf({ sinceBegin, user, random, newest, latePerMille }) {
  const nowMs = BEGIN_MS + Math.floor(sinceBegin / 1000);
  const before = newest.get(user);
  const isLate = before !== undefined && random.chance(latePerMille);
  const happenedMs = isLate ? before - random.between(1, LATE_MS_MAX) : nowMs;
  if (!isLate) newest.set(user, happenedMs);
  const place = `${48 + random.below(1e6) / 1e6},${2 + random.below(1e6) / 1e6}`;
  const rest = `${random.below(1200) / 10},${random.below(360)},${random.below(101)},${NOTE}`;
  return `${user},${new Date(happenedMs).toISOString()},${arrivedAt(nowMs, Math.floor(sinceBegin % 1000))},${place},${rest}\n`;
}

/** Some events are the first of their users; the others make up for them. */
function lateShareOfSeen(events, users) {
  const firsts = users * (1 - (1 - 1 / users) ** events);
  return Math.min((LATE_SHARE * events) / (events - firsts), LATE_SHARE_OF_SEEN_MAX);
}

/** In µs, as many come within a millisecond; in ms where that tells it all. */
function arrivedAt(ms, micros) {
  const text = new Date(ms).toISOString();
  return micros === 0 ? text : `${text.slice(0, -1)}${String(micros).padStart(3, "0")}Z`;
}
