import { make, setText } from "./elements.js";
import { count, rate, seconds } from "./formats.js";

/** Each: its name, its figure, what stands small below, and whether that is bad. */
const TILES = [
  {
    name: "In",
    figure: ({ rates }) => `${rate(rates.inPerSecond)} /s`,
    below: () => "records appended",
  },
  {
    name: "Out",
    figure: ({ rates }) => `${rate(rates.outPerSecond)} /s`,
    below: () => "records committed",
  },
  {
    name: "Behind",
    figure: ({ lag }) => count(lag.records),
    below: ({ lag }) => (lag.records === 0 ? "nothing waits" : `oldest waits ${seconds(lag.seconds)}`),
    state: ({ lag, budget }) => (lag.seconds > budget.seconds ? "warn" : "well"),
  },
  {
    name: "Fresh within, p99",
    figure: ({ freshness }) => seconds(freshness.lastMinute.p99Seconds),
    below: ({ freshness: { lastMinute } }) =>
      lastMinute.count === 0
        ? "no arrivals in the last minute"
        : `last minute; p50 ${seconds(lastMinute.p50Seconds)}, p95 ${seconds(lastMinute.p95Seconds)}`,
    state: ({ freshness, budget }) => (freshness.lastMinute.p99Seconds > budget.seconds ? "bad" : "well"),
  },
  {
    name: "View",
    figure: ({ view }) => (view.lagRecords === null ? view.state : count(view.lagRecords)),
    below: ({ view }) =>
      view.lagRecords === null ? "how far behind is unknown" : `audit records behind, ${view.state}`,
    state: ({ view }) => (view.state === "running" ? "well" : "warn"),
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
    state: ({ members }) => (members?.length === 0 ? "bad" : "well"),
  },
  {
    name: "Dead letters",
    figure: ({ deadLetters }) => count(deadLetters.kept),
    below: ({ deadLetters }) => `kept, ${count(deadLetters.inLastMinute)} of the last minute`,
    state: ({ deadLetters }) => (deadLetters.inLastMinute > 0 ? "warn" : "well"),
  },
  {
    name: "Servers",
    figure: ({ servers }) => `${Number(servers.kafka) + Number(servers.redis)} of 2`,
    below: ({ servers }) =>
      `Kafka ${servers.kafka ? "answers" : "cannot be seen"}, Redis ${servers.redis ? "answers" : "cannot be seen"}`,
    state: ({ servers }) => (servers.kafka && servers.redis ? "well" : "bad"),
  },
];

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
      tile.dataset.state = tell.state?.(snapshot) ?? "well";
    }
  }
}
