import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  auditRecordKind,
  decodeAuditEntry,
  printTime,
  silentLogger,
  type LogRecord,
  type Settings,
} from "@lastknown/shared";
import type { Published } from "./fleet-for-test.js";
import type { Health } from "./http/health-route.js";
import { hostileEvents } from "./hostile-events-for-test.js";
import { until } from "./memory-service-for-test.js";
import { REAL_PARTITIONS, RealFleet } from "./real-fleet-for-test.js";
import { startQuery, type QueryService } from "./start-query.js";

const USERS = [
  "a/b",
  "{}",
  "..",
  "bus\n7",
  "\u{1f68c}",
  "x".repeat(256),
  "-",
  ...Array.from({ length: 12 }, (_, n) => `bus ${n}`),
];
const ROWS = 4000;
const SKEW = 300_000_000;
const ATTEMPTS_MAX = 8;

describe("a query service on real servers", () => {
  let real: RealFleet;
  let published: Published[];

  beforeAll(async () => {
    real = await RealFleet.create();
    published = await real.fleet.publish(hostileEvents({ users: USERS, rows: ROWS, seed: 7 }));
    // Some are delivered again, in blocks, as after a crash of a worker; then once more in another order.
    await real.fleet.audit(published.slice(0, 2500));
    await real.fleet.audit(published.slice(1500));
    await real.fleet.audit(published.filter((_, index) => index % 7 === 0).reverse());
  }, 60_000);

  afterAll(() => real.close());

  const settingsWith = async (query: Partial<Settings["query"]> = {}): Promise<Settings> => {
    const dataDirectory = await real.directory();
    return { ...real.settings, query: { ...real.settings.query, dataDirectory, ...query } };
  };

  const withService = async <Result>(
    settings: Settings,
    use: (query: QueryService) => Promise<Result>,
  ): Promise<Result> => {
    const query = await startQuery(settings, { logger: silentLogger });
    try {
      await caughtUp(query.port);
      return await use(query);
    } finally {
      await query.stop();
    }
  };

  test("answers as a recomputation of everything published does, before compaction and after", async () => {
    const expected = expectedAnswers(published);
    const before = await withService(await settingsWith(), ({ port }) => allAnswers(port, expected));
    expect(before).toEqual(expected);

    const compacted = await real.compacted(REAL_PARTITIONS * 2);
    // A fleet record and a schema copy per partition, and the doubles that the wait allows.
    expect(count(compacted)).toBeLessThanOrEqual(ROWS + REAL_PARTITIONS * 4);
    expect(isInSourceOrder(compacted)).toBe(false);
    const rebuilt = await withService(await settingsWith(), ({ port }) => allAnswers(port, expected));
    expect(rebuilt).toEqual(expected);
    const inMemory = await withService(await settingsWith({ view: "memory" }), ({ port }) =>
      allAnswers(port, expected),
    );
    expect(inMemory).toEqual(expected);
  }, 120_000);

  test("is exact after it was killed again and again while folding", async () => {
    const settings = await settingsWith({ foldRecordsMax: 10, fetchBytesMax: 65_536 });
    let killedInside = 0;
    for (let attempt = 0; attempt < ATTEMPTS_MAX && killedInside < 4; attempt++) {
      const child = startChild(settings);
      const { hasCaughtUp } = await killed(child, await portOf(child), 5 + 20 * attempt);
      if (hasCaughtUp) break;
      killedInside++;
    }
    expect(killedInside).toBeGreaterThan(1);
    const expected = expectedAnswers(published);
    const after = await withService(settings, ({ port }) => allAnswers(port, expected));
    expect(after).toEqual(expected);
  }, 120_000);

  test("goes on from its offsets after a restart", async () => {
    const settings = await settingsWith();
    await withService(settings, () => Promise.resolve());
    const metrics = await withService(settings, async ({ operationsPort }) =>
      (await fetch(`http://127.0.0.1:${operationsPort}/metrics`)).text(),
    );
    expect(metrics).toMatch(/^lastknown_view_entries_total\{kind="added"\} 0$/m);
    expect(metrics).toMatch(/^lastknown_view_entries_total\{kind="double"\} 0$/m);
  }, 60_000);

  test("refuses another fleet's view, naming both and the fix", async () => {
    const settings = await settingsWith();
    await withService(settings, () => Promise.resolve());
    const other = await RealFleet.create();
    const misled = { ...other.settings, query: settings.query };
    try {
      const failure: unknown = await startQuery(misled, { logger: silentLogger }).catch(
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({
        name: "FatalError",
        fix: expect.stringContaining("LASTKNOWN_DATA_DIRECTORY"),
      });
      expect(String(failure)).toContain(real.fleet.record.id);
      expect(String(failure)).toContain(other.fleet.record.id);
    } finally {
      await other.close();
    }
  }, 60_000);

  test("takes the latest from the view within a second while Redis hangs, and then at once", async () => {
    const sockets: Socket[] = [];
    const hanging = createServer((socket) => sockets.push(socket));
    hanging.listen(0, "127.0.0.1");
    await once(hanging, "listening");
    const { port: redisPort } = hanging.address() as { port: number };
    const settings = await settingsWith();
    const redis = { ...settings.redis, nodes: [{ host: "127.0.0.1", port: redisPort }] };
    await withService({ ...settings, redis }, async ({ port }) => {
      for (let request = 0; request < 3; request++) {
        const startedAtMs = performance.now();
        const answer = await fetch(`http://127.0.0.1:${port}/v1/users/bus%201`);
        expect(performance.now() - startedAtMs).toBeLessThan(1500);
        expect(answer.headers.get("x-data-source")).toBe("view");
        expect(answer.status).toBe(200);
      }
      const startedAtMs = performance.now();
      await fetch(`http://127.0.0.1:${port}/v1/users/bus%201`);
      expect(performance.now() - startedAtMs).toBeLessThan(200);
    });
    hanging.close();
    for (const socket of sockets) socket.destroy();
  }, 60_000);
});

type Answered = Record<string, unknown>;

/** Paths to what they must answer, by looking at every arrival anew for each: DESIGN.md §1 word for word. */
function expectedAnswers(published: readonly Published[]): Answered {
  const answers: Answered = {};
  for (const user of USERS) {
    const id = encodeURIComponent(user).replaceAll(".", "%2E");
    const arrivals = published.filter((event) => event.user === user);
    answers[`/v1/users/-/history?limit=1000&id=${id}`] = arrivals.map((arrival, index) => ({
      offset: arrival.offset,
      ...expectedVerdict(arrival, arrivals.slice(0, index)),
    }));
    for (const { sts } of arrivals.filter((_, index) => index % 10 === 0)) {
      const time = printTime(sts);
      const happened = arrivals.filter((arrival) => orderTimeOf(arrival) <= sts - 600_000_000);
      const known = arrivals.filter((arrival) => arrival.sts <= sts);
      answers[`/v1/users/-?id=${id}&at=${printTime(sts - 600_000_000)}`] = winnerOf(happened);
      answers[`/v1/users/-?id=${id}&knownAt=${time}`] = winnerOf(known);
      const both = known.filter((arrival) => happened.includes(arrival));
      answers[`/v1/users/-?id=${id}&at=${printTime(sts - 600_000_000)}&knownAt=${time}`] = winnerOf(both);
    }
  }
  return answers;
}

function orderTimeOf({ timeStamp, sts }: Published): number {
  return timeStamp > sts + SKEW ? sts + SKEW : timeStamp;
}

function isNewer(a: Published, b: Published): boolean {
  const key = (event: Published): [number, number, number, string] => [
    orderTimeOf(event),
    event.sts,
    event.timeStamp,
    event.eventId,
  ];
  const [keyA, keyB] = [key(a), key(b)];
  for (let index = 0; index < 4; index++) {
    if (keyA[index] !== keyB[index]) return (keyA[index] as number) > (keyB[index] as number);
  }
  return false;
}

function newest(arrivals: readonly Published[]): Published | undefined {
  let best: Published | undefined;
  for (const arrival of arrivals) if (best === undefined || isNewer(arrival, best)) best = arrival;
  return best;
}

function winnerOf(arrivals: readonly Published[]): unknown {
  const winner = newest(arrivals);
  return winner === undefined
    ? 404
    : { offset: winner.offset, event_id: winner.eventId, attributes: winner.attributes };
}

function expectedVerdict(arrival: Published, earlier: readonly Published[]) {
  const state = newest(earlier);
  const repeated = earlier.some(({ eventId }) => eventId === arrival.eventId);
  const clamped = orderTimeOf(arrival) !== arrival.timeStamp;
  if (state === undefined || isNewer(arrival, state)) {
    return { verdict: state?.eventId === arrival.eventId ? "duplicate" : "applied", clamped, repeated };
  }
  return { verdict: repeated ? "duplicate" : "stale", clamped, repeated };
}

/** What the service answers to the same paths, cut down to what is compared. */
async function allAnswers(port: number, expected: Answered): Promise<Answered> {
  const answers: Answered = {};
  for (const path of Object.keys(expected)) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const body = (await response.json()) as Answer;
    if (response.status !== 200) answers[path] = response.status;
    else if (body.items === undefined)
      answers[path] = { offset: body.source.offset, event_id: body.event_id, attributes: body.attributes };
    else
      answers[path] = body.items.map(({ source, verdict, clamped, repeated }) => ({
        offset: source.offset,
        verdict,
        clamped,
        repeated,
      }));
  }
  return answers;
}

interface Answer {
  readonly source: { readonly offset: number };
  readonly event_id: string;
  readonly attributes: object;
  readonly items?: readonly {
    source: { offset: number };
    verdict: string;
    clamped: boolean;
    repeated: boolean;
  }[];
}

async function caughtUp(port: number): Promise<void> {
  await until(
    async () => (await (await fetch(`http://127.0.0.1:${port}/health`)).json()) as Health,
    ({ view }) => view.hasCaughtUp,
    30_000,
  );
}

function isInSourceOrder(records: Map<number, readonly LogRecord[]>): boolean {
  return [...records.values()].every((all) => {
    const entries = all.filter(({ key }) => key !== null && auditRecordKind(key)?.kind === "entry");
    const offsets = entries.map(({ value }) => decodeAuditEntry(value ?? Buffer.alloc(0)).offset);
    return offsets.every((offset, index) => index === 0 || offset > (offsets[index - 1] as number));
  });
}

function count(records: Map<number, readonly unknown[]>): number {
  return [...records.values()].reduce((total, { length }) => total + length, 0);
}

/** The built service in a process of its own, which prints its port. */
function startChild(settings: Settings): ChildProcess {
  const built = fileURLToPath(new URL("../dist/index.js", import.meta.url));
  const script = `
    const { startQuery } = await import(${JSON.stringify(built)});
    const { silentLogger } = await import("@lastknown/shared");
    const service = await startQuery(JSON.parse(process.argv[1]), { logger: silentLogger });
    console.log(service.port);
  `;
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const args = ["--input-type=module", "--eval", script, JSON.stringify(settings)];
  return spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
}

async function portOf(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error("the child has no output");
  for await (const line of createInterface(child.stdout)) return Number(line);
  throw new Error("the child printed no port; is query/dist built?");
}

/** Kills the child after so many ms, and tells where its view stood just before. */
async function killed(child: ChildProcess, port: number, afterMs: number): Promise<Health["view"]> {
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  const { view } = (await (await fetch(`http://127.0.0.1:${port}/health`)).json()) as Health;
  child.kill("SIGKILL");
  await once(child, "exit");
  return view;
}
