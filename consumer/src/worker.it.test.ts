import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  auditRecordKind,
  bucketOf,
  BUCKETS,
  compareOrder,
  decodeAuditEntry,
  encodeOrder,
  eventIdOfContent,
  exitCodes,
  orderOf,
  RedisKeys,
  silentLogger,
  type AppendRecord,
  type Event,
  type Logger,
  type LogFields,
  type Order,
} from "@lastknown/shared";
import { eventually } from "./eventually.js";
import { startWorker, type RunningWorker } from "./index.js";
import { TestFleet } from "./test-fleet.js";

const NOW = Date.UTC(2024, 2, 10) * 1000;
const SECOND = 1_000_000;

/** Events of a few users in a shuffled order, each second one of them late. */
function manyEvents(count: number): Omit<Event, "eventId">[] {
  return Array.from({ length: count }, (_, index) => ({
    user: `user ${(index * 7919) % 97}`,
    timeStamp: NOW + ((index * 31) % count) * SECOND,
    sts: NOW + index * SECOND,
    attributes: { speed: index % 50 },
  }));
}

/** The greatest order of each user, by encodeOrder's text. */
function newestOrders(events: readonly Omit<Event, "eventId">[], skew: number): Map<string, string> {
  const newest = new Map<string, Order>();
  for (const { user, timeStamp, sts, attributes } of events) {
    const eventId = eventIdOfContent(user, timeStamp, JSON.stringify(attributes));
    const order = orderOf({ timeStamp, sts, eventId }, skew);
    const before = newest.get(user);
    if (before === undefined || compareOrder(order, before) > 0) newest.set(user, order);
  }
  return new Map([...newest].map(([user, order]) => [user, encodeOrder(order)]));
}

describe("a worker on the real servers", () => {
  let fleet: TestFleet;
  const workers: RunningWorker[] = [];
  beforeEach(async () => {
    fleet = new TestFleet();
    await fleet.create();
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    await fleet.remove();
  });

  const start = async (settings = fleet.settings): Promise<RunningWorker> => {
    const worker = await startWorker(settings, { logger: silentLogger });
    workers.push(worker);
    return worker;
  };
  const untilCommitted = async (of: TestFleet = fleet): Promise<void> => {
    await eventually("committed", async () => (await of.lag()) === 0, 40_000);
  };
  const auditedOffsets = async (): Promise<Map<number, number[]>> => {
    const audited = new Map<number, number[]>();
    for (const [partition, records] of await fleet.recordsOf(fleet.names.auditTopic)) {
      const entries = records.filter(({ key }) => auditRecordKind(key!)?.kind === "entry");
      audited.set(
        partition,
        entries.map(({ value }) => decodeAuditEntry(value!).offset),
      );
    }
    return audited;
  };
  const expectEverythingRight = async (events: readonly Omit<Event, "eventId">[]): Promise<void> => {
    const keys = new RedisKeys(fleet.names.fleet);
    for (const [user, order] of newestOrders(events, fleet.settings.fleet.maxFutureSkewMicros)) {
      expect([user, await fleet.redis.hget(keys.state(user), "order")]).toEqual([user, order]);
    }
    const audited = await auditedOffsets();
    for (const [partition, { end }] of await fleet.reader.ends(fleet.names.eventsTopic)) {
      const once = new Set(audited.get(partition));
      expect([partition, once.size]).toEqual([partition, end]);
      const buckets = Array.from({ length: BUCKETS }, (_, bucket) => bucket).filter(
        (bucket) => bucket % fleet.settings.fleet.partitions === partition,
      );
      const progress = await Promise.all(buckets.map((bucket) => fleet.redis.get(keys.progress(bucket))));
      expect(progress).toEqual(buckets.map(() => String(end)));
    }
  };

  test("brings each arrival into the audit after its schema, the newest into Redis, and commits", async () => {
    const events = [0, 2, 1].map((second) => ({
      user: "bus 7",
      timeStamp: NOW + second * SECOND,
      sts: NOW + 10 * SECOND,
      attributes: { speed: second },
    }));
    await fleet.produce(events.map((event) => fleet.recordOf(event)));
    const worker = await start();
    await untilCommitted();

    const keys = new RedisKeys(fleet.names.fleet);
    const { source, order, ...state } = await fleet.redis.hgetall(keys.state("bus 7"));
    expect(state).toEqual({
      time_stamp: "2024-03-10T00:00:02.000000Z",
      sts: "2024-03-10T00:00:10.000000Z",
      attributes: '{"speed":2}',
    });
    expect(source).toMatch(/^test-.*\.events\/\d\/1$/);
    expect(order).toHaveLength(74);
    expect(await fleet.redis.get(keys.progress(bucketOf(Buffer.from("bus 7"))))).toBe("3");

    const partition = fleet.recordOf(events[0]!).partition;
    const audit = (await fleet.recordsOf(fleet.names.auditTopic)).get(partition) ?? [];
    expect(audit.map(({ key }) => auditRecordKind(key!)?.kind)).toEqual([
      "fleet",
      "schema",
      "entry",
      "entry",
      "entry",
    ]);
    expect([worker.live(), worker.ready()]).toEqual([undefined, undefined]);
    const metrics = await fetch(`http://127.0.0.1:${worker.operationsPort}/metrics`);
    expect(await metrics.text()).toContain("lastknown_records_total 3");
  });

  test("stops exactly where it is, and the next worker goes on from there", async () => {
    const events = manyEvents(3000);
    const records = events.map((event) => fleet.recordOf(event));
    await fleet.produce(records.slice(0, 1500));
    const first = await start();
    await eventually("begun", async () => (await fleet.lag()) < 1500);
    expect(await fleet.groupMembers()).toBe(1);
    await fleet.produce(records.slice(1500, 2000));
    await first.stop();
    expect(await fleet.groupMembers()).toBe(0);
    const audited = [...(await auditedOffsets()).values()].reduce((count, { length }) => count + length, 0);
    expect(2000 - (await fleet.lag())).toBe(audited);

    await fleet.produce(records.slice(2000));
    await start();
    await untilCommitted();
    await expectEverythingRight(events);
    const all = [...(await auditedOffsets()).values()].flat();
    expect(all).toHaveLength(3000);
  }, 60_000);

  test("shares the partitions with a second worker under load, and both leave the same state as one", async () => {
    const events = manyEvents(12_000);
    const records = events.map((event) => fleet.recordOf(event));
    const first = await start();
    const producing = (async () => {
      for (let at = 0; at < records.length; at += 400) {
        await fleet.produce(records.slice(at, at + 400));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    await eventually("begun", async () => (await fleet.lag()) > 0);
    const second = await start();
    await eventually("shared", async () => {
      const [one, other] = await Promise.all([first.metrics.text(), second.metrics.text()]);
      return [one, other].every((text) => text.includes("lastknown_assigned_partitions 2"));
    });
    await producing;
    await first.stop();
    await untilCommitted();
    await expectEverythingRight(events);
  }, 60_000);

  test("loses nothing when a worker is killed in the middle of its work", async () => {
    const events = manyEvents(12_000);
    await fleet.produce(events.map((event) => fleet.recordOf(event)));
    const { fleet: name } = fleet.names;
    const flags = {
      fleet: name,
      partitions: "4",
      "operations-port": "0",
      "worker-session-timeout-ms": "6000",
      // By default one commit may cover all of it, and then there is no middle to be seen.
      "worker-commit-interval-ms": "50",
      "worker-batch-records-max": "200",
    };
    const child = fork(new URL("../killable-worker.mjs", import.meta.url), [JSON.stringify(flags)], {
      stdio: "inherit",
    });
    await eventually("in the middle", async () => {
      const lag = await fleet.lag();
      return lag > 0 && lag < 12_000;
    });
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await fleet.lag()).toBeGreaterThan(0);
    await start();
    await untilCommitted();
    await expectEverythingRight(events);
  }, 90_000);

  test("K13: commits once in an interval, however many batches it has done in it", async () => {
    const intervalMs = 1_000;
    const worker = { ...fleet.settings.worker, batchRecordsMax: 5, commitIntervalMs: intervalMs };
    await fleet.produce(manyEvents(1_000).map((event) => fleet.recordOf(event)));
    const startedAtMs = performance.now();
    const { metrics } = await start({ ...fleet.settings, worker });
    await untilCommitted();
    const text = await metrics.text();
    const intervals = (performance.now() - startedAtMs) / intervalMs;
    const figure = (name: string): number => Number(text.split(`\n${name} `)[1]?.split("\n", 1)[0]);
    // Some partition has a fourth of the records, and five of them in a batch.
    expect(figure("lastknown_batch_seconds_count")).toBeGreaterThanOrEqual(50);
    expect(figure('lastknown_commits_total{outcome="committed"}')).toBeLessThanOrEqual(1 + intervals);
  }, 60_000);

  test("refuses a fleet that was made with other constants", async () => {
    const settings = { ...fleet.settings, fleet: { ...fleet.settings.fleet, maxFutureSkewMicros: 1 } };
    await expect(startWorker(settings, { logger: silentLogger })).rejects.toThrow(
      "max_future_skew 1 µs here and 300000000 µs there",
    );
  });

  test("leaves the group when it is asked to end while it joins", async () => {
    const ending = new AbortController();
    // kafkajs says so when it begins to join.
    const debug = (_message: string, fields: LogFields = {}): void => {
      if (fields["reason"] === "Starting") ending.abort(new Error("asked to end"));
    };
    const logger: Logger = { ...silentLogger, debug };
    const started = startWorker(fleet.settings, { logger, signal: ending.signal });
    await expect(started).rejects.toThrow("asked to end");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await fleet.groupMembers()).toBe(0);
  });

  test("does not wait for a registry that refuses its login, but tells so", async () => {
    const refusing = createServer((_request, response) => {
      response.writeHead(401).end('{"error_code":401,"message":"who are you"}');
    });
    await once(refusing.listen(0, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
    const settings = { ...fleet.settings, registry: { ...fleet.settings.registry, url } };
    const started = startWorker(settings, { logger: silentLogger });
    await expect(started).rejects.toMatchObject({ name: "FatalError", exitCode: exitCodes.unreachable });
    await expect(started).rejects.toThrow(`${url} refused the login (status 401: who are you)`);
    refusing.close();
  });
});

describe("dead letters on the real servers", () => {
  let fleet: TestFleet;
  let worker: RunningWorker | undefined;
  afterEach(async () => {
    await worker?.stop();
    await fleet.remove();
  });

  test("hold what is no event, with its reason; the events around it go on", async () => {
    fleet = new TestFleet({ partitions: 1 });
    const auditBytesMax = 20_000;
    await fleet.create(auditBytesMax);
    const otherId = await fleet.registry.register(
      `${fleet.names.fleet}.other`,
      JSON.stringify({ type: "record", name: "Other", fields: [{ name: "x", type: "long" }] }),
    );
    const good = (second: number, note = ""): AppendRecord<Buffer> => {
      const attributes = note === "" ? {} : { note };
      return fleet.recordOf({ user: "bus", timeStamp: NOW + second * SECOND, sts: NOW, attributes });
    };
    const valid = good(1).value as Buffer;
    const withSchema = (schemaId: number): Buffer => {
      const value = Buffer.from(valid);
      value.writeUInt32BE(schemaId, 1);
      return value;
    };
    const far = fleet.recordOf({ user: "bus", timeStamp: NOW * 4, sts: NOW, attributes: {} });
    const poisoned: [string, Partial<AppendRecord<Buffer>>][] = [
      ["null_key", { key: null }],
      ["invalid_utf8", { key: Buffer.from([0xff]) }],
      ["illegal_user", { key: Buffer.from("a\0") }],
      ["key_mismatch", { key: Buffer.from("tram") }],
      ["not_framed", { value: Buffer.from("{}") }],
      ["not_framed", { value: null }],
      ["unknown_schema", { value: withSchema(2_000_000_000) }],
      ["wrong_head", { value: withSchema(otherId) }],
      ["malformed_value", { value: valid.subarray(0, -1) }],
      ["illegal_time", { value: far.value }],
      ["too_large", { value: good(2, "n".repeat(auditBytesMax)).value }],
    ];
    const records = poisoned.flatMap(([, changes], index) => [
      good(index + 10),
      { ...good(1), headers: { trace: Buffer.from(String(index)) }, ...changes },
    ]);
    await fleet.produce([...records, good(100)]);
    worker = await startWorker(fleet.settings, { logger: silentLogger });
    await eventually("committed", async () => (await fleet.lag()) === 0);

    const letters = (await fleet.recordsOf(fleet.names.deadLetterTopic)).get(0) ?? [];
    const found = letters
      .map(({ key, value, headers }) => ({
        offset: Number(headers["offset"]),
        key: key?.toString(),
        reason: headers["reason"]?.toString(),
        trace: headers["header.trace"]?.toString(),
        value: value?.toString("hex"),
      }))
      .sort((a, b) => a.offset - b.offset);
    expect(found).toEqual(
      poisoned.map(([reason, changes], index) => {
        const offset = index * 2 + 1;
        const raw = "value" in changes ? changes.value : valid;
        return {
          offset,
          key: `${fleet.names.eventsTopic}/0/${offset}`,
          reason,
          trace: String(index),
          value: raw?.toString("hex") ?? "",
        };
      }),
    );
    const text = await worker.metrics.text();
    expect(text).toContain('lastknown_dead_letters_total{reason="not_framed"} 2');
    expect(text).toContain(`lastknown_audit_entries_total ${poisoned.length + 1}`);
    const state = await fleet.redis.hgetall(new RedisKeys(fleet.names.fleet).state("bus"));
    expect(state["time_stamp"]).toBe("2024-03-10T00:01:40.000000Z");
  }, 60_000);

  test("hold a record that stands in the wrong partition", async () => {
    fleet = new TestFleet({ partitions: 2 });
    await fleet.create();
    const record = fleet.recordOf({ user: "bus", timeStamp: NOW, sts: NOW, attributes: {} });
    await fleet.produce([{ ...record, partition: 1 - record.partition }]);
    worker = await startWorker(fleet.settings, { logger: silentLogger });
    await eventually("committed", async () => (await fleet.lag()) === 0);
    const letters = [...(await fleet.recordsOf(fleet.names.deadLetterTopic)).values()].flat();
    expect(letters.map(({ headers }) => headers["reason"]?.toString())).toEqual(["wrong_partition"]);
  }, 60_000);
});
