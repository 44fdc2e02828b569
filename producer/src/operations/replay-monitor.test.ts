import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import {
  createMetrics,
  MemorySchemaRegistry,
  silentLogger,
  type AppendRecord,
  type Appender,
  type SchemaRegistry,
} from "@lastknown/shared";
import { runReplay } from "../replay/replay.js";
import { FakeClock } from "../schedule/fake-clock-for-test.js";
import { ReplayMonitor } from "./replay-monitor.js";

const ROWS = [
  "user_id,time_stamp,sts,speed",
  "a,2024-03-10T12:00:02Z,2024-03-10T12:00:05.5Z,2.5",
  "a,never,2024-03-10T12:00:03Z,1",
  "a,2024-03-10T12:00:03Z,2024-03-10T12:00:03Z,",
].join("\n");
/** `sts` of the first and of the last row, in seconds. */
const FIRST = Date.UTC(2024, 2, 10, 12, 0, 3) / 1000;
const LAST = FIRST + 2.5;

/** Each append waits until the test answers it. */
class HeldAppender implements Appender {
  readonly acknowledge: (() => void)[] = [];
  readonly fail: ((error: Error) => void)[] = [];
  bytes = 0;
  append = (_topic: string, records: readonly AppendRecord[]): Promise<void> => {
    for (const { key, value } of records) this.bytes += (key?.length ?? 0) + (value?.length ?? 0);
    return new Promise((resolve, reject) => {
      this.acknowledge.push(resolve);
      this.fail.push(reject);
    });
  };
  close = (): Promise<void> => Promise.resolve();
}

/** Enough turns of the loop for everything that waits for nobody. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("the monitor of a replay", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "monitor-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function replay(registry: SchemaRegistry, speed: 1 | "max") {
    const metrics = createMetrics();
    const monitor = new ReplayMonitor(metrics);
    const appender = new HeldAppender();
    const clock = new FakeClock();
    const before = monitor.ready();
    const file = join(directory, "rows.csv");
    writeFileSync(file, ROWS);
    const target = { appender, registry, topic: "t", subject: "s", partitions: 4 };
    const ended = runReplay({ file, speed }, { target, monitor, clock, logger: silentLogger });
    const value = async (name: string): Promise<number> =>
      Number(new RegExp(`^lastknown_replay_${name} (.*)$`, "m").exec(await metrics.text())?.[1]);
    return { monitor, metrics, appender, clock, before, ended, value };
  }

  it("is ready while it publishes, and says what it does or whom it waits for otherwise", async () => {
    const registry = new MemorySchemaRegistry();
    const asked: (() => void)[] = [];
    const held = <Answer>(ask: () => Promise<Answer>): Promise<Answer> =>
      new Promise<void>((resolve) => asked.push(resolve)).then(ask);
    const heldRegistry: SchemaRegistry = {
      textById: (id) => registry.textById(id),
      register: (subject, text) => registry.register(subject, text),
      requireCompatibility: (subject) => registry.requireCompatibility(subject),
      latest: (subject) => held(() => registry.latest(subject)),
    };
    const { monitor, appender, clock, before, ended } = replay(heldRegistry, "max");
    expect(before).toBe("waiting for kafka");
    await settle();
    expect(monitor.ready()).toBe("waiting for registry");
    asked.shift()?.();
    while (asked.length === 0) await settle();
    expect(monitor.ready()).toBe("waiting for registry");
    asked.shift()?.();
    while (appender.acknowledge.length === 0) await settle();
    expect(monitor.ready()).toBeUndefined();
    clock.nowMs += 3000;
    expect(monitor.ready()).toBe("waiting for kafka: records are not acknowledged for 3 s");
    appender.acknowledge.shift()?.();
    await ended;
    expect(monitor.ready()).toBe("the replay has ended");
  });

  it("is not ready once an append has failed, while another is still awaited", async () => {
    const { monitor, appender, ended } = replay(new MemorySchemaRegistry(), 1);
    const failed = expect(ended).rejects.toThrow("gone");
    while (appender.fail.length < 2) await settle();
    appender.fail[0]?.(new Error("gone"));
    await settle();
    expect(monitor.ready()).toBe("an append has failed");
    appender.acknowledge[1]?.();
    await failed;
    expect(monitor.ready()).toBe("the replay has ended");
  });

  it("counts what is read, rejected, under way and acknowledged, and how late", async () => {
    const { metrics, appender, clock, ended, value } = replay(new MemorySchemaRegistry(), 1);
    expect(await value("published_sts_seconds")).toBeNaN();
    while (appender.acknowledge.length < 2) await settle();
    expect([await value("in_flight_records"), await value("published_rows_total")]).toEqual([2, 0]);
    expect(await value("file_rows")).toBe(3);
    expect(await metrics.text()).toContain('lastknown_replay_rejected_rows_total{reason="bad-time"} 1');

    appender.acknowledge.shift()?.();
    await settle();
    expect([await value("in_flight_records"), await value("published_rows_total")]).toEqual([1, 1]);
    expect(await value("published_sts_seconds")).toBe(FIRST);
    clock.nowMs += 7000;
    appender.acknowledge.shift()?.();
    await ended;
    expect([await value("in_flight_records"), await value("published_rows_total")]).toEqual([0, 2]);
    expect(await value("published_sts_seconds")).toBe(LAST);
    expect(await value("published_bytes_total")).toBe(appender.bytes);
    expect(await value("drift_seconds_count")).toBe(2);
    // The first was held for the 2.5 s until the second was due, the second for 7 s.
    expect(await value("drift_seconds_sum")).toBeCloseTo(9.5, 1);
  });
});
