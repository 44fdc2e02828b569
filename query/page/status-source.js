/** The service tells once a second: after so long without news the figures are old, and the stream is opened anew. */
const SILENT_MS_MAX = 5000;
/** The service refuses who comes beyond its bound, and a browser does not come back by itself then. */
const COME_BACK_MS = 5000;

/**
 * A stream of `/status/stream`, opened anew wherever it breaks off until it is closed. After the service has ended it
 * because it has lasted long enough, another is opened at once, and nobody is told that anything was lost.
 *
 * @typedef {{ onHistory: (columns: Record<string, (number | null)[]>) => void, onSnapshot: (snapshot: object) => void,
 *   onLost: () => void }} SourceListener each loss is told again while it lasts, at least every few seconds
 */
export class StatusSource {
  #listener;
  /** Undefined while closed. */
  #events;
  #timer;

  /** @param {SourceListener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  open() {
    if (this.#events === undefined) this.#connect();
  }

  close() {
    clearTimeout(this.#timer);
    this.#events?.close();
    this.#events = undefined;
  }

  #connect() {
    this.close();
    const events = new EventSource("/status/stream");
    this.#events = events;
    this.#connectAfter(SILENT_MS_MAX);
    events.addEventListener("history", ({ data }) => this.#listener.onHistory(JSON.parse(data)));
    events.addEventListener("snapshot", ({ data }) => {
      this.#connectAfter(SILENT_MS_MAX);
      this.#listener.onSnapshot(JSON.parse(data));
    });
    events.addEventListener("again", () => this.#connect());
    events.addEventListener("error", () => {
      this.#listener.onLost();
      if (events.readyState === EventSource.CLOSED) this.#connectAfter(COME_BACK_MS);
    });
  }

  #connectAfter(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#listener.onLost();
      this.#connect();
    }, ms);
  }
}
