import type { AttributeValue, Metrics } from "@lastknown/shared";
import type { Arrival } from "./partition-batch.js";

/** Values with a count of their own, the first that come; each is held in memory for the worker's life. */
export const COUNTED_VALUES_MAX = 50;
/** Longer ones are more likely a text than one of a few kinds. */
const VALUE_CHARACTERS_MAX = 64;
const OTHER = "other";
const ABSENT = "absent";

/**
 * Counts events by the values of one column. What a cell says, and whether it is there, is all that is looked at.
 * A cell that itself says `other` or `absent` is counted as `"other"` or `"absent"`, in quotes.
 */
export class ColumnCounts {
  readonly #column: string;
  readonly #counter: ReturnType<typeof counterFor>;
  readonly #known = new Set<string>();

  constructor(metrics: Metrics, column: string) {
    this.#column = column;
    this.#counter = counterFor(metrics, column);
  }

  count(arrivals: readonly Arrival[]): void {
    const counts = new Map<string, number>();
    for (const { event } of arrivals) {
      const value = this.#labelOf(event.attributes[this.#column]);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    for (const [value, count] of counts) this.#counter.inc({ column: this.#column, value }, count);
  }

  #labelOf(attribute: AttributeValue | undefined): string {
    if (attribute === undefined) return ABSENT;
    const text = String(attribute);
    if (this.#known.has(text)) return inQuotesIfOurs(text);
    if (this.#known.size >= COUNTED_VALUES_MAX || text.length > VALUE_CHARACTERS_MAX) return OTHER;
    this.#known.add(text);
    return inQuotesIfOurs(text);
  }
}

function inQuotesIfOurs(text: string): string {
  return text === OTHER || text === ABSENT ? `"${text}"` : text;
}

function counterFor(metrics: Metrics, column: string) {
  return metrics.counter({
    name: "lastknown_counted_events_total",
    help: `Events that the audit has acknowledged, by what the column of --count-by says: its first ${COUNTED_VALUES_MAX} values, other, absent.`,
    labels: { column: [column], value: [OTHER, ABSENT] },
  });
}
