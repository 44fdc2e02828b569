import type { Service } from "../harness/lastknown.js";

const REQUEST_BOUND_MS = 5_000;
const SAMPLE = /^(\w+(?:\{[^}]*\})?) (\S+)$/gm;

/** The figures that a process of the product shows, by name and labels: `lastknown_commits_total{outcome="stale"}`. */
export async function readMetrics({
  operationsPort,
}: Pick<Service, "operationsPort">): Promise<ReadonlyMap<string, number>> {
  const signal = AbortSignal.timeout(REQUEST_BOUND_MS);
  const response = await fetch(`http://127.0.0.1:${operationsPort}/metrics`, { signal });
  const text = await response.text();
  return new Map([...text.matchAll(SAMPLE)].map(([, name = "", value]) => [name, Number(value)]));
}

/** One of them, which has to be there. */
export async function readMetric(service: Pick<Service, "operationsPort">, name: string): Promise<number> {
  const value = (await readMetrics(service)).get(name);
  if (value === undefined) throw new Error(`there is no metric ${name}`);
  return value;
}
