import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { mkdtemp, open, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { bucketOf, loadSettings, silentLogger } from "@lastknown/shared";
import type { Health } from "./http/health-route.js";
import {
  startMemoryService,
  until,
  type MemoryService,
  type MemoryServiceOptions,
} from "./memory-service-for-test.js";
import { startQuery } from "./start-query.js";
import { openLmdbView } from "./view/lmdb/open-lmdb-view.js";
import { MemoryViewStore } from "./view/memory/memory-view-store.js";
import type { FoldedArrival } from "./view/arrival.js";
import {
  ViewAbortedError,
  ViewDamagedError,
  type FoldBatch,
  type FoldPosition,
  type ViewStore,
} from "./view/view-store.js";

/** A busy machine takes its time. */
jest.setTimeout(30_000);

const MINUTE = 60_000_000;
const NOON = Date.UTC(2024, 2, 10, 12) * 1000;

/** Three arrivals: the second happened before the first, the third is the second again. */
const BUS = [
  { user: "bus", timeStamp: NOON + 2 * MINUTE, sts: NOON + 3 * MINUTE, attributes: { letter: "a" } },
  { user: "bus", timeStamp: NOON, sts: NOON + 4 * MINUTE, attributes: { letter: "b", "battery (%)": 0.5 } },
  { user: "bus", timeStamp: NOON, sts: NOON + 5 * MINUTE, attributes: { letter: "b", "battery (%)": 0.5 } },
];

const TRAM = { user: "tram", timeStamp: NOON, sts: NOON, attributes: { letter: "t" } };

/** Several looks of the service at the logs. */
const LOOKS_MS = 1000;

describe("the query service", () => {
  let service: MemoryService;

  const start = async (options?: MemoryServiceOptions): Promise<void> => {
    service = await startMemoryService(options);
    await until(health, ({ view }) => view.hasCaughtUp && view.lagSeconds === 0);
  };
  const health = async (): Promise<Health> => (await (await service.get("/health")).json()) as Health;
  const body = async (path: string): Promise<unknown> => (await service.get(path)).json();

  afterEach(() => service.query.stop());

  test("answers what was true at a moment, and what was known at one", async () => {
    await start({ prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS)) });
    expect(await body("/v1/users/bus?at=2024-03-10T12:01:00Z")).toMatchObject({
      user: "bus",
      time_stamp: "2024-03-10T12:00:00.000000Z",
      attributes: { letter: "b", "battery (%)": 0.5 },
      source: { topic: "test.events", offset: 2 },
      meta: { source: "view", lagSeconds: 0, consistency: "eventual" },
    });
    expect(await body("/v1/users/bus?knownAt=2024-03-10T12:03:30Z")).toMatchObject({
      attributes: { letter: "a" },
    });
    const both = "/v1/users/bus?at=2024-03-10T12:01:00Z&knownAt=2024-03-10T12:03:30Z";
    expect(await body(both)).toMatchObject({ type: "urn:lastknown:problem:no-state-yet", status: 404 });
  });

  test("judges each arrival in the history", async () => {
    await start({ prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS)) });
    const { items, cursor } = (await body("/v1/users/bus/history")) as { items: object[]; cursor: null };
    expect(cursor).toBeNull();
    expect(items).toMatchObject([
      { source: { offset: 0 }, verdict: "applied", clamped: false, repeated: false },
      { source: { offset: 1 }, verdict: "stale", repeated: false },
      { source: { offset: 2 }, verdict: "duplicate", repeated: true },
    ]);
  });

  test("explains which arrival won and why the others lost", async () => {
    await start({ prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS)) });
    expect(await body("/v1/users/bus/explain")).toMatchObject({
      winner: { source: { offset: 0 }, verdict: "applied" },
      lost: [
        { source: { offset: 2 }, reasons: [{ code: "older" }, { code: "arrived_late" }] },
        { source: { offset: 1 }, reasons: [{ code: "older" }, { code: "arrived_late" }] },
      ],
      arrivals: { total: 3, considered: 3, after_at: 0, received_after_known_at: 0, complete: true },
    });
    expect(await body("/v1/users/bus/explain?at=2024-03-10T12:01:00Z")).toMatchObject({
      winner: { source: { offset: 2 } },
      lost: [
        { source: { offset: 0 }, reasons: [{ code: "after_at" }] },
        { source: { offset: 1 }, reasons: [{ code: "same_observation" }] },
      ],
      arrivals: { total: 3, considered: 2, after_at: 1 },
    });
  });

  test("explains with as many losers as asked for, and says whether these are all", async () => {
    const more = Array.from({ length: 12 }, (_, n) => ({ user: "bus", timeStamp: NOON + n, sts: NOON + n }));
    await start({ prepare: async ({ fleet }) => void (await fleet.publishAndAudit(more)) });
    const lost = Array.from({ length: 11 }, (_, n) => ({ source: { offset: 10 - n } }));
    const few = { lost: lost.slice(0, 5), lost_complete: false, arrivals: { total: 12 } };
    expect(await body("/v1/users/bus/explain")).toMatchObject(few);
    expect(await body("/v1/users/bus/explain?limit=11")).toMatchObject({ lost, lost_complete: true });
  });

  test("takes the latest from Redis and says how far that is behind", async () => {
    await start({ prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS)) });
    const bucket = bucketOf(Buffer.from("bus"));
    service.latest.progress.set(bucket, 3);
    const source = { topic: "test.events", partition: 0, offset: 0 };
    const times = { timeStamp: NOON, sts: NOON, orderTime: NOON };
    service.latest.states.set("bus", {
      user: "bus",
      ...times,
      attributes: {},
      eventId: "00".repeat(16),
      source,
    });
    const fresh = await service.get("/v1/users/bus");
    expect(fresh.headers.get("x-data-source")).toBe("redis");
    expect(fresh.headers.get("x-data-lag-seconds")).toBe("0.000");
    service.latest.progress.set(bucket, 2);
    const late = await service.get("/v1/users/bus");
    expect(Number(late.headers.get("x-data-lag-seconds"))).toBeGreaterThan(0);
    expect(await late.json()).toMatchObject({ meta: { source: "redis", lagSeconds: expect.any(Number) } });
  });

  test("takes the latest from the view while Redis is away, and says so", async () => {
    await start({ prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS)) });
    service.latest.unavailable = true;
    const answer = await service.get("/v1/users/bus");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-data-source")).toBe("view");
    expect(await answer.json()).toMatchObject({ attributes: { letter: "a" }, meta: { source: "view" } });
  });

  test("builds a view anew that it finds damaged, and answers nothing wrong meanwhile", async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), "lastknown-query-"));
    await start({
      prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS)),
      openStore: (fleet) => openLmdbView({ dataDirectory, fleet, logger: silentLogger }),
    });
    const question = "/v1/users/bus?at=2024-03-10T12:02:00Z";
    const right = await (await service.get(question)).json();
    expect(right).toMatchObject({ attributes: { letter: "a" } });

    const file = await open(join(dataDirectory, "view", "data.mdb"), "r+");
    const bytes = await file.readFile();
    const user = Buffer.from("\x06bus");
    for (let at = bytes.indexOf(user); at !== -1; at = bytes.indexOf(user, at + 1)) {
      // Behind the user stand the times.
      await file.write(Buffer.from([bytes.readUInt8(at + user.length) ^ 2]), 0, 1, at + user.length);
    }
    await file.close();

    const refused = await service.get(question);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ type: "urn:lastknown:problem:view-not-ready" });
    await until(
      async () => (await service.get(question)).status,
      (status) => status === 200,
    );
    expect(await (await service.get(question)).json()).toEqual(right);
    expect(await health()).toMatchObject({ view: { state: "running", hasCaughtUp: true } });
    await service.query.stop();
    await rm(dataDirectory, { recursive: true });
  });

  test("opens a view again that gave up a fold, and loses nothing of it", async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), "lastknown-query-"));
    const opened: ViewStore[] = [];
    await start({
      prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS)),
      openStore: async (fleet) => {
        const store = await openLmdbView({ dataDirectory, fleet, logger: silentLogger });
        opened.push(store);
        return store;
      },
    });
    const [first] = opened;
    if (first === undefined) throw new Error("no view was opened");
    const close = jest.spyOn(first, "close");
    jest.spyOn(first, "fold").mockImplementation(() => {
      throw new ViewAbortedError(new Error("MDB_BAD_TXN"));
    });
    await service.fleet.publishAndAudit([TRAM]);
    const tram = await until(
      async () => await service.get("/v1/users/tram?at=2024-03-10T12:02:00Z"),
      ({ status }) => status === 200,
    );
    expect(await tram.json()).toMatchObject({ attributes: { letter: "t" } });
    const bus = await service.get("/v1/users/bus?at=2024-03-10T12:02:00Z");
    expect(await bus.json()).toMatchObject({ attributes: { letter: "a" } });
    expect(close).toHaveBeenCalledTimes(1);
    expect(opened).toHaveLength(2);
    expect(await readdir(dataDirectory)).toEqual(["view"]);
    await service.query.stop();
    await rm(dataDirectory, { recursive: true });
  });

  test("builds a view anew whose order leads to an arrival that is not there", async () => {
    /** Forgets an arrival, as a page does that was written to another's place. */
    class LossyStore extends MemoryViewStore {
      override get damage(): ViewDamagedError | undefined {
        return this.#damage;
      }
      #damage: ViewDamagedError | undefined;

      override arrival(): undefined {
        return undefined;
      }

      override reportDamage(reason: string): ViewDamagedError {
        this.#damage ??= new ViewDamagedError(reason);
        return this.#damage;
      }

      override position(partition: number): FoldPosition {
        if (this.#damage !== undefined) throw this.#damage;
        return super.position(partition);
      }
    }
    const stores: ViewStore[] = [new LossyStore(), new MemoryViewStore()];
    await start({
      prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS)),
      openStore: () => Promise.resolve(stores.shift() as ViewStore),
    });
    const question = "/v1/users/bus?at=2024-03-10T12:02:00Z";
    expect((await service.get(question)).status).toBe(503);
    await until(
      async () => (await service.get(question)).status,
      (status) => status === 200,
    );
    expect(stores).toEqual([]);
  });

  test("tells an unknown user from a part of Redis that was lost", async () => {
    await start({ prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS)) });
    const lost = await service.get("/v1/users/bus");
    expect(lost.status).toBe(503);
    expect(lost.headers.get("retry-after")).toBe("1");
    expect(lost.headers.get("x-data-lag-seconds")).toBe("unknown");
    expect(await lost.json()).toMatchObject({ type: "urn:lastknown:problem:state-not-known-yet" });
    service.latest.progress.set(bucketOf(Buffer.from("bus")), 3);
    const unknown = await service.get("/v1/users/bus");
    expect(unknown.status).toBe(404);
    expect(unknown.headers.get("x-data-source")).toBe("redis");
    expect(unknown.headers.get("x-data-lag-seconds")).toBe("0.000");
    expect(await unknown.json()).toMatchObject({ type: "urn:lastknown:problem:unknown-user" });
  });

  test("asks the view for a user whom a part of Redis that is behind does not have", async () => {
    await start({ prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS)) });
    service.latest.progress.set(bucketOf(Buffer.from("bus")), 1);
    const known = await service.get("/v1/users/bus");
    expect(known.status).toBe(200);
    expect(await known.json()).toMatchObject({ attributes: { letter: "a" }, meta: { source: "view" } });
    // Of the same partition, and nobody.
    const nobody = Array.from({ length: 1000 }, (_, index) => `nobody ${index}`).find(
      (name) => bucketOf(Buffer.from(name)) === bucketOf(Buffer.from("bus")),
    );
    const unknown = await service.get(`/v1/users/${encodeURIComponent(String(nobody))}`);
    expect(unknown.status).toBe(404);
    expect(unknown.headers.get("x-data-source")).toBe("view");
  });

  test("knows that nobody can be known where nothing was ever published", async () => {
    await start();
    expect((await service.get("/v1/users/nobody")).status).toBe(404);
    expect(await body("/v1/users")).toEqual({ items: [], cursor: null, meta: expect.anything() });
  });

  test("tells for how long the oldest record that the view lacks has waited", async () => {
    await start({ prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS)) });
    const publishedAtMs = performance.now();
    const [waiting] = await service.fleet.publish([{ user: "bus", timeStamp: NOON, sts: NOON }]);
    const answer = (): Promise<Response> => service.get("/v1/users/bus?at=2024-03-10T12:01:00Z");
    const lag = (response: Response): number => Number(response.headers.get("x-data-lag-seconds"));
    const behind = await until(answer, (response) => lag(response) > 0.5);
    // Its age is told too great by at most the time between two looks, of which one may be a second old.
    expect(lag(behind)).toBeLessThan((performance.now() - publishedAtMs) / 1000 + 1.3);
    if (waiting !== undefined) await service.fleet.audit([waiting]);
    await until(answer, (response) => lag(response) === 0);
  });

  test("counts a dead-lettered record as not lacking once it is committed", async () => {
    await start({ prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS)) });
    const [rejected] = await service.fleet.publish([{ user: "bus", timeStamp: NOON, sts: NOON }]);
    const lag = async (): Promise<string | null> =>
      (await service.get("/v1/users/bus/history")).headers.get("x-data-lag-seconds");
    await until(lag, (text) => text !== "0.000");
    if (rejected === undefined) throw new Error("nothing was rejected");
    service.commit(rejected.partition, rejected.offset + 1, "set by a tool");
    await new Promise((resolve) => setTimeout(resolve, LOOKS_MS));
    expect(await lag()).not.toBe("0.000");
    service.commit(rejected.partition, rejected.offset + 1);
    await until(lag, (text) => text === "0.000");
  });

  test("does not guess a lag while Kafka does not answer", async () => {
    await start({ prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS)) });
    service.log.unavailable = true;
    const answer = await until(
      () => service.get("/v1/users/bus?at=2024-03-10T12:01:00Z"),
      (response) => response.headers.get("x-data-lag-seconds") === "unknown",
    );
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ meta: { lagSeconds: null } });
    service.log.unavailable = false;
    await until(health, ({ view }) => view.state === "running" && view.lagSeconds === 0);
  });

  test("refuses to answer about the past before the view has caught up", async () => {
    service = await startMemoryService({
      prepare: ({ log }) => Promise.resolve(void (log.unavailable = true)),
    });
    const answer = await service.get("/v1/users/bus?at=2024-03-10T12:01:00Z");
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("2");
    expect(answer.headers.get("x-data-source")).toBe("view");
    const ready = (): Promise<Response> => fetch(`http://127.0.0.1:${service.query.operationsPort}/readyz`);
    expect((await ready()).status).toBe(503);
    service.log.unavailable = false;
    await until(health, ({ view }) => view.hasCaughtUp);
    expect((await ready()).status).toBe(200);
  });

  test("folds as much at once as it may while nobody asks, and little while questions are asked", async () => {
    const sizes: number[] = [];
    class TellingStore extends MemoryViewStore {
      override fold(...batches: readonly FoldBatch[]): FoldedArrival[] {
        sizes.push(batches.reduce((sum, { arrivals }) => sum + arrivals.length, 0));
        return super.fold(...batches);
      }
    }
    const arrivals = 450;
    const publish = async (): Promise<void> => {
      const facts = Array.from({ length: arrivals }, (_, index) => ({ ...TRAM, sts: NOON + index }));
      await service.fleet.publishAndAudit(facts);
    };
    const folded = (): number => sizes.reduce((sum, size) => sum + size, 0);
    await start({ openStore: () => Promise.resolve(new TellingStore()) });

    await publish();
    await until(
      () => Promise.resolve(folded()),
      (count) => count === arrivals,
    );
    expect(Math.max(...sizes)).toBe(arrivals);

    sizes.length = 0;
    const ask = async (): Promise<number> => {
      await body("/v1/users/tram");
      return folded();
    };
    await ask();
    await publish();
    await until(ask, (count) => count === arrivals);
    // Those that follow may be larger, where the questions took longer than a fold.
    expect(sizes.find((size) => size > 0)).toBeLessThanOrEqual(100);
  });

  test("pages through users and a history without gaps, while more come in", async () => {
    const users = Array.from({ length: 9 }, (_, index) => `user ${index}`);
    const events = users.map((user) => ({ user, timeStamp: NOON, sts: NOON }));
    await start({ prepare: async ({ fleet }) => void (await fleet.publishAndAudit([...events, ...BUS])) });
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const path: string = `/v1/users?limit=4${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const page = (await body(path)) as { items: { user: string }[]; cursor: string | null };
      seen.push(...page.items.map(({ user }) => user));
      cursor = page.cursor;
    }
    expect(seen).toEqual(["bus", ...users]);

    const first = (await body("/v1/users/bus/history?limit=2")) as { items: object[]; cursor: string };
    await service.fleet.publishAndAudit(BUS);
    await until(health, ({ view }) => view.lagRecords === 0);
    const second = (await body(`/v1/users/bus/history?limit=2&cursor=${first.cursor}`)) as {
      items: object[];
      cursor: null;
    };
    expect(second).toMatchObject({ items: [{ verdict: "duplicate" }], cursor: null });
    expect(second.items).toHaveLength(1);
  });

  test("refuses a place in the users that is longer than any user's name", async () => {
    await start({ prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS.concat(TRAM))) });
    const { cursor } = (await body("/v1/users?limit=1")) as { cursor: string };
    const [fingerprint, , ...ends] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown[];
    const long = Buffer.from(JSON.stringify([fingerprint, "u".repeat(5000), ...ends])).toString("base64url");
    expect(await body(`/v1/users?limit=1&cursor=${long}`)).toMatchObject({
      type: "urn:lastknown:problem:invalid-parameter",
      status: 400,
    });
  });

  test("refuses a wrong cursor as it does any other parameter that is wrong", async () => {
    await start({ prepare: async ({ fleet }) => void (await fleet.publishAndAudit(BUS)) });
    const { cursor } = (await body("/v1/users/bus/history?limit=1")) as { cursor: string };
    const refused = [
      ["/v1/users/bus/history?cursor=abc", "cursor is none that this service gave"],
      ["/v1/users?cursor=abc", "cursor is none that this service gave"],
      [`/v1/users/bus/history?verdict=applied&cursor=${cursor}`, "cursor belongs to another question"],
    ] as const;
    for (const [path, detail] of refused) {
      const answer = await service.get(path);
      const body = { type: "urn:lastknown:problem:invalid-parameter", field: "cursor", detail };
      expect([answer.status, await answer.json()]).toMatchObject([400, body]);
      expect(answer.headers.get("x-data-source")).toBe("none");
      expect(answer.headers.get("x-data-lag-seconds")).toBe("unknown");
    }
  });
});

test("a service that is stopped closes its view, though a request does not end", async () => {
  const store = new MemoryViewStore();
  const close = jest.spyOn(store, "close");
  const service = await startMemoryService({
    openStore: () => Promise.resolve(store),
    flags: { "query-redis-deadline-ms": "60000", "query-drain-deadline-ms": "2000" },
  });
  service.latest.silent = true;
  const read = jest.spyOn(service.latest, "read");
  const answer = service.get("/v1/users/bus").then(
    () => "answered",
    () => "cut off",
  );
  await until(
    async () => read.mock.calls.length,
    (reads) => reads > 0,
  );
  await service.query.stop();
  expect(close).toHaveBeenCalledTimes(1);
  expect(await answer).toBe("cut off");
});

test("a service is stopped at once though Kafka takes connections and stays silent", async () => {
  const silent = createServer((socket) => void socket.on("error", () => socket.destroy()));
  await once(silent.listen(0, "127.0.0.1"), "listening");
  const broker = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const settings = loadSettings({
    environment: {},
    flags: {
      "kafka-brokers": broker,
      "redis-nodes": broker,
      view: "memory",
      "query-port": "0",
      "operations-port": "0",
    },
  });
  const connecting = once(silent, "connection");
  const ending = new AbortController();
  const starting = startQuery(settings, { logger: silentLogger, signal: ending.signal });
  await connecting;
  const startedMs = performance.now();
  ending.abort();
  await (await starting).stop();
  // A call to Kafka takes 5 s to be given up.
  expect(performance.now() - startedMs).toBeLessThan(3000);
  silent.close();
});
