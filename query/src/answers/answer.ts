import type { Lag } from "../freshness/freshness.js";

/** Which store answered; `none` where it did not come to that. */
export const DATA_SOURCES = ["redis", "view", "none"] as const;
export type DataSource = (typeof DATA_SOURCES)[number];

/** Where an answer comes from and how much of the log that store lacks. */
export interface Provenance {
  readonly source: DataSource;
  readonly lag: Lag;
}

export interface Answer<Content> extends Provenance {
  readonly content: Content;
}

export const UNKNOWN_PROVENANCE: Provenance = { source: "none", lag: "unknown" };
