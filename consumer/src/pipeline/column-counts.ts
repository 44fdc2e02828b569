import type { AttributeValue, Metrics } from "@lastknown/shared";
import type { Arrival } from "../arrivals/partition-batch.js";

/** Values with a count of their own, the first that come; each is held in memory for the worker's life. */
export const COUNTED_VALUES_MAX = 50;
/** Longer ones are more likely a text than one of a few kinds. */
const VALUE_CHARACTERS_MAX = 64;
const OTHER = "other";
const ABSENT = "absent";

/** Events of one value that are not in the metric yet. */
interface Count {
  readonly value: string;
  events: number;
}

/**
 * Counts events by the values of one column. What a cell says, and whether it is there, is all that is looked at.
 * A cell that itself says `other` or `absent` is counted as `"other"` or `"absent"`, in quotes.
 */
export class ColumnCounts {
  readonly #column: string;
  readonly #counter: ReturnType<typeof counterFor>;
  readonly #known = new Map<AttributeValue, Count>();
  readonly #other: Count = { value: OTHER, events: 0 };
  readonly #absent: Count = { value: ABSENT, events: 0 };

  constructor(metrics: Metrics, column: string) {
    this.#column = column;
    this.#counter = counterFor(metrics, column);
  }

  /** The metric is touched once per value, not per event. */
  count(arrivals: readonly Arrival[]): void {
    for (const { event } of arrivals) this.#countOf(event.attributes[this.#column]).events++;
    for (const count of [this.#other, this.#absent, ...this.#known.values()]) {
      if (count.events === 0) continue;
      this.#counter.inc({ column: this.#column, value: count.value }, count.events);
      count.events = 0;
    }
  }

  #countOf(attribute: AttributeValue | undefined): Count {
    if (attribute === undefined) return this.#absent;
    return this.#known.get(attribute) ?? this.#firstOf(attribute);
  }

  #firstOf(attribute: AttributeValue): Count {
    if (this.#known.size >= COUNTED_VALUES_MAX) return this.#other;
    const text = String(attribute);
    if (text.length > VALUE_CHARACTERS_MAX) return this.#other;
    const count = { value: text === OTHER || text === ABSENT ? `"${text}"` : text, events: 0 };
    this.#known.set(attribute, count);
    return count;
  }
}

function counterFor(metrics: Metrics, column: string) {
  return metrics.counter({
    name: "lastknown_counted_events_total",
    help: `Events that the audit has acknowledged, by what the column of --count-by says: its first ${COUNTED_VALUES_MAX} values, other, absent.`,
    labels: { column: [column], value: [OTHER, ABSENT] },
  });
}
