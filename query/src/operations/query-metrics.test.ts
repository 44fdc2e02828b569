import { afterEach, expect, test } from "@jest/globals";
import { startMemoryService, until, type MemoryService } from "../memory-service-for-test.js";

const BUS = { user: "bus", timeStamp: 5, sts: 5 };

let service: MemoryService | undefined;
afterEach(async () => {
  await service?.query.stop();
  service = undefined;
});

async function metricsOf({ query }: MemoryService): Promise<Map<string, number>> {
  const response = await fetch(`http://127.0.0.1:${query.operationsPort}/metrics`);
  const lines = [...(await response.text()).matchAll(/^(lastknown_\S+) (\d+)$/gm)];
  return new Map(lines.map(([, name = "", value]) => [name, Number(value)]));
}

/** Of one phase, by verdict. */
function arrivalsIn(metrics: ReadonlyMap<string, number>, phase: string): (number | undefined)[] {
  return ["applied", "duplicate", "stale"].map((verdict) =>
    metrics.get(`lastknown_view_arrivals_total{verdict="${verdict}",phase="${phase}"}`),
  );
}

test("arrivals count by verdict, those of the past apart from those that come now", async () => {
  const running = await startMemoryService({
    prepare: async ({ fleet }) => {
      await fleet.publishAndAudit([BUS, { ...BUS, timeStamp: 7 }, { ...BUS, timeStamp: 3 }]);
    },
  });
  service = running;
  await until(
    () => metricsOf(running),
    (metrics) => metrics.get('lastknown_view_state{state="running"}') === 1,
  );
  const caughtUp = await metricsOf(running);
  expect(arrivalsIn(caughtUp, "catching-up")).toEqual([2, 0, 1]);
  expect(arrivalsIn(caughtUp, "live")).toEqual([0, 0, 0]);

  await running.fleet.publishAndAudit([BUS, { ...BUS, timeStamp: 9 }]);
  const live = await until(
    () => metricsOf(running),
    (metrics) => metrics.get('lastknown_view_entries_total{kind="added"}') === 5,
  );
  expect(arrivalsIn(live, "catching-up")).toEqual([2, 0, 1]);
  expect(arrivalsIn(live, "live")).toEqual([1, 1, 0]);
});

test("calls that fail count by server", async () => {
  const running = await startMemoryService();
  service = running;
  const errors = (metrics: ReadonlyMap<string, number>, server: string): number =>
    metrics.get(`lastknown_server_errors_total{server="${server}",kind="unavailable"}`) ?? Number.NaN;
  expect(errors(await metricsOf(running), "kafka")).toBe(0);
  running.log.unavailable = true;
  running.latest.unavailable = true;
  const metrics = await until(
    () => metricsOf(running),
    (now) => errors(now, "kafka") > 1 && errors(now, "redis") > 1,
  );
  expect(metrics.get('lastknown_server_errors_total{server="kafka",kind="refused"}')).toBe(0);
  running.log.unavailable = false;
  running.latest.unavailable = false;
});
