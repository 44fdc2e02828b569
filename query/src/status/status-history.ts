import type { StatusSnapshot } from "./status-snapshot.js";

/** What is kept of each second. Null where it was not known. */
const COLUMNS = {
  inPerSecond: ({ rates }: StatusSnapshot) => rates.inPerSecond,
  outPerSecond: ({ rates }: StatusSnapshot) => rates.outPerSecond,
  lagRecords: ({ lag }: StatusSnapshot) => lag.records,
  lagSeconds: ({ lag }: StatusSnapshot) => lag.seconds,
  p50Seconds: ({ freshness }: StatusSnapshot) => freshness.lastTenSeconds.p50Seconds,
  p95Seconds: ({ freshness }: StatusSnapshot) => freshness.lastTenSeconds.p95Seconds,
  p99Seconds: ({ freshness }: StatusSnapshot) => freshness.lastTenSeconds.p99Seconds,
} as const;

type Column = keyof typeof COLUMNS;

/** One array per column, all of one length. `at` is in seconds since 1970. */
export type StatusHistoryColumns = Readonly<Record<Column | "at", readonly (number | null)[]>>;

/** The last seconds of what a plot shows, so that a page opened now shows them at once. */
export class StatusHistory {
  readonly #pointsMax: number;
  readonly #points: { readonly at: number; readonly snapshot: Readonly<Record<Column, number | null>> }[] =
    [];

  /** @param pointsMax one per snapshot */
  constructor(pointsMax: number) {
    this.#pointsMax = pointsMax;
  }

  add(snapshot: StatusSnapshot): void {
    const values = Object.entries(COLUMNS).map(([column, value]) => [column, value(snapshot)]);
    const point = Object.fromEntries(values) as Record<Column, number | null>;
    this.#points.push({ at: Date.parse(snapshot.at) / 1000, snapshot: point });
    if (this.#points.length > this.#pointsMax) this.#points.shift();
  }

  columns(): StatusHistoryColumns {
    const columns = Object.keys(COLUMNS) as Column[];
    const values = columns.map((column) => [column, this.#points.map(({ snapshot }) => snapshot[column])]);
    return { at: this.#points.map(({ at }) => at), ...Object.fromEntries(values) } as StatusHistoryColumns;
  }
}
