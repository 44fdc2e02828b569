import { describe, expect, it } from "@jest/globals";
import { createMetrics, type Metrics } from "./metrics.js";

describe("createMetrics", () => {
  it("starts each label set at zero", async () => {
    const metrics = createMetrics();
    metrics.counter({
      name: "lastknown_records_total",
      help: "Records.",
      labels: { verdict: ["applied", "stale"], flag: ["yes", "no"] },
    });
    metrics.gauge({ name: "lastknown_queue_bytes", help: "Queued." });
    metrics.histogram({
      name: "lastknown_wait_seconds",
      help: "Waits.",
      labels: { store: ["redis"] },
      buckets: [1],
    });
    const text = await metrics.text();
    for (const verdict of ["applied", "stale"]) {
      for (const flag of ["yes", "no"]) {
        expect(text).toContain(`lastknown_records_total{verdict="${verdict}",flag="${flag}"} 0`);
      }
    }
    expect(text).toContain("lastknown_queue_bytes 0");
    expect(text).toContain('lastknown_wait_seconds_bucket{le="1",store="redis"} 0');
  });

  it("writes a weighted histogram as a plain one that has observed each value as often", async () => {
    const [plain, weighted] = [createMetrics(), createMetrics()];
    const options = { name: "lastknown_wait_seconds", help: "Waits.", buckets: [0.5, 1, 2] };
    const [one, other] = [plain.histogram(options), weighted.weightedHistogram(options)];
    const linesOf = async (metrics: Metrics): Promise<string[]> =>
      (await metrics.text()).split("\n").filter((line) => line.includes("lastknown_wait_seconds"));
    expect(await linesOf(weighted)).toEqual(await linesOf(plain));
    const values = [0, 0.5, 0.75, 1, 1.5, 2, 2.5, 1000];
    for (const [times, value] of values.entries()) {
      other.observe(value, times);
      for (let time = 0; time < times; time++) one.observe(value);
    }
    expect(await linesOf(weighted)).toEqual(await linesOf(plain));
    expect(() => other.observe(Number.NaN)).toThrow(TypeError);
    expect(weighted.list()).toContainEqual({
      name: options.name,
      help: options.help,
      type: "histogram",
      labels: [],
    });
  });

  it("counts for each object by itself", async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    const options = { name: "lastknown_records_total", help: "Records." };
    one.counter(options).inc(5);
    other.counter(options);
    expect(await one.text()).toContain("lastknown_records_total 5");
    expect(await other.text()).toContain("lastknown_records_total 0");
  });

  it("asks a collecting gauge when it is read", async () => {
    const metrics = createMetrics();
    let depth = 1;
    metrics.gauge({ name: "lastknown_queue_records", help: "Queued.", collect: (gauge) => gauge.set(depth) });
    depth = 7;
    expect(await metrics.text()).toContain("lastknown_queue_records 7");
  });

  it("lists all metrics with type, help and labels, Node's own included", () => {
    const metrics = createMetrics();
    metrics.counter({ name: "lastknown_records_total", help: "Records.", labels: { verdict: ["applied"] } });
    expect(metrics.list()).toContainEqual({
      name: "lastknown_records_total",
      type: "counter",
      help: "Records.",
      labels: ["verdict"],
    });
    expect(metrics.list().map(({ name }) => name)).toContain("nodejs_eventloop_lag_seconds");
  });

  it("refuses names that break the convention and labels without bound", () => {
    const metrics = createMetrics();
    const help = "x";
    expect(() => metrics.counter({ name: "lastknown_records", help })).toThrow(RangeError);
    expect(() => metrics.gauge({ name: "lastknown_records_total", help })).toThrow(RangeError);
    expect(() => metrics.gauge({ name: "records_bytes", help })).toThrow(RangeError);
    const users = Array.from({ length: 5000 }, (_, user) => String(user));
    expect(() => metrics.counter({ name: "lastknown_users_total", help, labels: { users } })).toThrow(
      RangeError,
    );
  });
});
