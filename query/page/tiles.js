import { make, setText } from "./elements.js";
import { count, rate, seconds } from "./formats.js";

/** Kafka is looked at three times a second. */
const USUAL_SECONDS_MAX = 1;

/** Each: its name, its figure, what stands small below, and its state: well, unknown, warn or bad. */
export const TILES = [
  {
    name: "In",
    figure: ({ rates }) => `${rate(rates.inPerSecond)} /s`,
    below: () => "records appended",
    state: ({ rates }) => stateOf(rates.inPerSecond),
  },
  {
    name: "Out",
    figure: ({ rates }) => `${rate(rates.outPerSecond)} /s`,
    below: () => "records committed",
    state: ({ rates }) => stateOf(rates.outPerSecond),
  },
  {
    name: "Behind",
    figure: ({ lag }) => count(lag.records),
    below: ({ lag }) =>
      `${lag.records === 0 ? "nothing waits" : `oldest waits ${seconds(lag.seconds)}`}${seenAgo(lag)}`,
    state: ({ lag, budget }) => stateOf(lag.seconds, lag.seconds > budget.seconds && "warn"),
  },
  {
    name: "Fresh within, p99",
    figure: ({ freshness }) => seconds(freshness.lastMinute.p99Seconds),
    below: ({ freshness: { lastMinute }, budget }) =>
      lastMinute.count === 0
        ? "no arrivals in the last minute"
        : `last minute${lastMinute.p99Seconds > budget.seconds ? ", over the budget" : ""}; p50 ${seconds(lastMinute.p50Seconds)}, p95 ${seconds(lastMinute.p95Seconds)}`,
    // Where nothing arrived there is nothing to know.
    state: ({ freshness: { lastMinute }, budget }) =>
      lastMinute.count === 0
        ? "well"
        : stateOf(lastMinute.p99Seconds, lastMinute.p99Seconds > budget.seconds && "bad"),
  },
  {
    name: "View",
    figure: ({ view }) => count(view.lagRecords),
    below: ({ view }) =>
      `${view.lagRecords === null ? "how far behind is unknown" : "audit records behind"}, ${view.state}`,
    state: ({ view }) => stateOf(view.lagRecords, view.state !== "running" && "warn"),
  },
  {
    name: "Workers",
    figure: ({ members }) => (members === null ? count(null) : count(members.length)),
    below: ({ members, lag }) => {
      const owned = lag.partitions.filter(({ owner }) => owner !== null).length;
      return members === null
        ? "the group cannot be asked"
        : `have ${owned} of ${lag.partitions.length} partitions`;
    },
    state: ({ members }) => stateOf(members, members?.length === 0 && "bad"),
  },
  {
    name: "Dead letters",
    figure: ({ deadLetters }) => count(deadLetters.kept),
    below: ({ deadLetters }) => `kept, ${count(deadLetters.inLastMinute)} of the last minute`,
    state: ({ deadLetters: { kept, inLastMinute } }) =>
      kept === null ? "unknown" : stateOf(inLastMinute, inLastMinute > 0 && "warn"),
  },
  {
    name: "Servers",
    figure: ({ servers }) => `${Number(servers.kafka) + Number(servers.redis)} of 2`,
    below: ({ servers }) =>
      `Kafka ${servers.kafka ? "answers" : "cannot be seen"}, Redis ${servers.redis ? "answers" : "cannot be seen"}`,
    state: ({ servers }) => (servers.kafka && servers.redis ? "well" : "bad"),
  },
];

/** Where a figure is from longer ago than others are. */
function seenAgo({ lookedSecondsAgo }) {
  return lookedSecondsAgo > USUAL_SECONDS_MAX ? `, as seen ${seconds(lookedSecondsAgo)} ago` : "";
}

/** What is not known is never well. */
function stateOf(value, trouble = false) {
  if (trouble !== false) return trouble;
  return value === null ? "unknown" : "well";
}

/** The figures of now. */
export class Tiles {
  #tiles;

  /** @param {HTMLElement} list a dl */
  constructor(list) {
    this.#tiles = TILES.map(({ name, ...tell }) => {
      const [figure, below] = [make("dd", { text: count(null) }), make("dd")];
      const tile = make("div", {}, make("dt", { text: name }), figure, below);
      list.append(tile);
      return { tell, tile, figure, below };
    });
  }

  show(snapshot) {
    for (const { tell, tile, figure, below } of this.#tiles) {
      setText(figure, tell.figure(snapshot));
      setText(below, tell.below(snapshot));
      tile.dataset.state = tell.state(snapshot);
    }
  }
}
