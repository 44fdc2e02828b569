/**
 * The columns that an export adds about each arrival. They are no part of what was observed, so a replay of the file
 * leaves them out of the attributes; the first alone it reads.
 */
export const EXPORTED_EVENT_ID = "lastknown.event_id";

/** In the order in which an export writes them. */
export const ABOUT_ARRIVAL_COLUMNS = [
  EXPORTED_EVENT_ID,
  "lastknown.verdict",
  "lastknown.clamped",
  "lastknown.repeated",
  "lastknown.partition",
  "lastknown.offset",
  "lastknown.appended_at",
] as const;
