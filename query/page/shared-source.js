import { StatusSource } from "./status-source.js";

/** The worker tells something every few seconds, be it that the stream is lost: without that, it is gone itself. */
const SILENT_MS_MAX = 12_000;

/**
 * What a StatusSource tells, from the one stream that all tabs of this origin share by a worker. Browsers allow six
 * connections to a host: a stream for each tab would leave the seventh none, and no tab one for questions. Where
 * there can be no such worker, the tab has a stream of its own.
 */
export class SharedSource {
  #listener;
  /** Set once no worker could be had. */
  #own;
  /** To the worker; undefined while closed. */
  #port;
  #silence;

  /** @param {import("./status-source.js").SourceListener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  open() {
    if (this.#own !== undefined) this.#own.open();
    else if (this.#port === undefined) this.#join();
  }

  close() {
    clearTimeout(this.#silence);
    this.#own?.close();
    this.#port?.postMessage("leave");
    this.#port?.close();
    this.#port = undefined;
  }

  #join() {
    this.close();
    const worker = openWorker();
    if (worker === undefined) {
      this.#openOwn();
      return;
    }
    const { port } = worker;
    this.#port = port;
    worker.addEventListener("error", () => {
      if (this.#port === port) this.#openOwn();
    });
    port.addEventListener("message", ({ data: { history, snapshot } }) => {
      if (this.#port !== port) return;
      this.#expectNews();
      if (history !== undefined) this.#listener.onHistory(history);
      else if (snapshot !== undefined) this.#listener.onSnapshot(snapshot);
      else this.#listener.onLost();
    });
    port.start();
    this.#expectNews();
  }

  #expectNews() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#listener.onLost();
      this.#join();
    }, SILENT_MS_MAX);
  }

  #openOwn() {
    this.close();
    this.#own = new StatusSource(this.#listener);
    this.#own.open();
  }
}

/** Undefined where the browser has none, or lets nobody have one. */
function openWorker() {
  try {
    return new SharedWorker("/page/status-worker.js", { type: "module", name: "status" });
  } catch {
    return undefined;
  }
}
