// The events that the drain measures with: about 150 bytes each as they stand in Kafka, three in four of them late.

import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { Random } from "@lastknown/producer";

const LATE_PER_MILLE = 740;
const BEGIN_MS = Date.UTC(2024, 0, 1);
/** Between two events of the whole fleet. */
const STEP_MS = 7;
/** A late one happened up to so long before its user's newest. */
const LATE_MS_MAX = 3_600_000;
const LINES_PER_WRITE = 5000;

/**
 * Writes them as CSV, the same ones each time.
 * @param {string} file
 * @param {{ events: number, users: number }} size
 * @returns {Promise<Map<string, number>>} user → when its newest event happened, ms since 1970
 */
export async function writeDrainEvents(file, { events, users }) {
  const random = new Random(events ^ users);
  const newest = new Map();
  const out = createWriteStream(file);
  out.write("user_id,time_stamp,sts,latitude,longitude,speed,battery,note\n");
  for (let written = 0; written < events;) {
    const lines = [];
    for (; lines.length < LINES_PER_WRITE && written < events; written++) {
      lines.push(lineOf({ index: written, user: drainUser(random.below(users)), random, newest }));
    }
    if (!out.write(lines.join(""))) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
  return newest;
}

/** @param {number} index below the number of users */
export function drainUser(index) {
  return `unit-${1e6 + index}`;
}

function lineOf({ index, user, random, newest }) {
  const nowMs = BEGIN_MS + index * STEP_MS;
  const before = newest.get(user);
  const isLate = before !== undefined && random.chance(LATE_PER_MILLE);
  const happenedMs = isLate ? before - random.between(1, LATE_MS_MAX) : nowMs;
  if (!isLate) newest.set(user, happenedMs);
  const place = `${48 + random.below(1e6) / 1e6},${2 + random.below(1e6) / 1e6}`;
  const rest = `${random.below(1200) / 10},${random.below(101)},on its way`;
  return `${user},${new Date(happenedMs).toISOString()},${new Date(nowMs).toISOString()},${place},${rest}\n`;
}
