import type { QuerySettings } from "@lastknown/shared/settings";
import type { ViewPositions } from "./fleet-lag.js";

const REQUEST_TIMEOUT_MS = 2000;

/** Asks the query service how far its view has folded. */
export class HttpViewPositions implements ViewPositions {
  readonly #url: string;

  constructor({ host, port }: Pick<QuerySettings, "host" | "port">) {
    this.#url = `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${port}/health`;
  }

  async positions(): Promise<ReadonlyMap<number, number> | undefined> {
    const health = await this.#health();
    const positions: unknown = health?.["viewPositions"];
    if (typeof positions !== "object" || positions === null) return undefined;
    return new Map(
      Object.entries(positions).map(([partition, offset]) => [Number(partition), Number(offset)]),
    );
  }

  async #health(): Promise<Record<string, unknown> | undefined> {
    try {
      const response = await fetch(this.#url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
      return { ...((await response.json()) as Record<string, unknown>) };
    } catch (error) {
      // No service, no answer in time, or another one's answer: all mean that its lag cannot be told.
      if (error instanceof Error) return undefined;
      throw error;
    }
  }
}
