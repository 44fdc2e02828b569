import { FatalError } from "@lastknown/shared";
import { parseHistogram, spreadOfHistogram, sumOf } from "./histogram.js";
import type { Spread } from "./percentiles.js";

/** From when a worker took a record out of the topic until it was audited and in Redis. */
const PROCESSING_HISTOGRAM = "lastknown_record_processing_seconds";
const REQUEST_TIMEOUT_MS = 5000;

/** The processing time per record, over all workers, as they count it themselves. */
export async function processingSpread(workerPorts: readonly number[]): Promise<Spread | undefined> {
  const texts = await Promise.all(workerPorts.map(metricsAt));
  return spreadOfHistogram(sumOf(texts.map((text) => parseHistogram(text, PROCESSING_HISTOGRAM))));
}

async function metricsAt(port: number): Promise<string> {
  const url = `http://127.0.0.1:${port}/metrics`;
  const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  if (response.ok) return await response.text();
  throw new FatalError(`${url} answered ${response.status}`, { fix: "see the worker's log" });
}
