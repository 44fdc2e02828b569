import type { QuerySettings } from "@lastknown/shared/settings";
import { queryServiceUrl } from "../query-client/query-client.js";
import type { ViewLag } from "./fleet-lag.js";

const REQUEST_TIMEOUT_MS = 2000;

/** Asks the query service's /health how far its view is behind. */
export class HttpViewLag implements ViewLag {
  readonly #url: string;
  readonly #fleet: string;

  constructor(place: Pick<QuerySettings, "host" | "port">, fleet: string) {
    this.#url = `${queryServiceUrl(place)}/health`;
    this.#fleet = fleet;
  }

  async lagRecords(): Promise<number | null> {
    const health = await this.#health();
    // Another fleet's service, or none of ours, tells nothing about this one.
    if (health?.fleet !== this.#fleet) return null;
    const lag = health.view?.lagRecords;
    return typeof lag === "number" ? lag : null;
  }

  /** No service, no answer in time, or another one's answer: all mean that its lag cannot be told. */
  async #health(): Promise<{ fleet?: unknown; view?: { lagRecords?: unknown } } | undefined> {
    const asked = fetch(this.#url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    const answered = asked.then((response) => response.json());
    return await answered.then(
      (body: unknown) => ({ ...(body as object) }),
      () => undefined,
    );
  }
}
