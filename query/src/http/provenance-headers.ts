import type { Provenance } from "../answers/answer.js";

export const SOURCE_HEADER = "x-data-source";
export const LAG_HEADER = "x-data-lag-seconds";

/** The headers of every answer: which store it is from, and for how long the oldest record that it lacks waits. */
export function provenanceHeaders({ source, lag }: Provenance): Record<string, string> {
  return { [SOURCE_HEADER]: source, [LAG_HEADER]: lag === "unknown" ? lag : lag.toFixed(3) };
}
