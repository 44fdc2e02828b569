// Users of a fleet that has drained its topic, as they are asked about over HTTP: latest from Redis, the past from the view.

import { printTime } from "@lastknown/shared";
import { Random } from "@lastknown/producer";
import { DRAIN_BEGIN_MICROS, DRAIN_STEP_MICROS } from "../drain-events.mjs";
import { askOverHttp } from "./ask-over-http.mjs";

/** Until a view on disk has all of the topic. */
const READY_BOUND_MS = 900_000;

/** So ready is who has caught up, and not who has been up for long. */
const SETTINGS = { LASTKNOWN_QUERY_CATCH_UP_GRACE_MS: String(READY_BOUND_MS) };

/**
 * @param {object} fleet that has drained `events`, and has no query service
 * @param {{ events: number, users: readonly string[] }} drained users who have an event
 * @returns ms that answers took, by kind
 */
export async function askAboutMany(fleet, { events, users }) {
  await fleet.launchQuery({ settings: SETTINGS });
  await fleet.untilQueryReady(READY_BOUND_MS);
  const random = new Random(events ^ users.length);
  return await askOverHttp(fleet.queryPort, {
    user: () => users[random.below(users.length)],
    moment: () => printTime(DRAIN_BEGIN_MICROS + random.below(events) * DRAIN_STEP_MICROS),
  });
}
