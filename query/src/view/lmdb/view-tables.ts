/** The tables of the view on disk; LmdbViewStore says what stands in each. */
export const VIEW_TABLES = ["users", "pasts", "partitions", "schemas", "counters"] as const;
export type ViewTable = (typeof VIEW_TABLES)[number];
