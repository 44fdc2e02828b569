import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { INFLATED_READ_BYTES_MAX } from "./gzip.js";
import { PartitionError } from "./kafka-fault.js";
import type { KafkaLogReader } from "./kafka-log-reader.js";
import { ScriptedLog, valuesOf } from "./scripted-log-for-test.js";

const [NOT_LEADER, REFUSED] = [6, 29];
const READ = { bytesMax: 1024 * 1024, waitMs: 1000 };
/** Far below what a read may wait, and far above what an answer takes. */
const AT_ONCE_MS = 400;

/** Two brokers: node 0 leads partitions 0 and 2, node 1 leads 1 and 3. */
let log: ScriptedLog;
let reader: KafkaLogReader;
let errorCode: (fetch: number, partition: number) => number;
const unhandled: unknown[] = [];
const keep = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => {
  errorCode = () => 0;
  log = new ScriptedLog({ partitions: 4, nodes: 2, errorCode: (...asked) => errorCode(...asked) });
  reader = log.reader();
  process.on("unhandledRejection", keep);
});
afterEach(async () => {
  await reader.close();
  // What is rejected by that is told in the next turn.
  await sleep(1);
  process.off("unhandledRejection", keep);
  expect(unhandled.splice(0)).toEqual([]);
  jest.restoreAllMocks();
});

function read(positions: Record<number, number>, limits = READ) {
  const asked = new Map(Object.entries(positions).map(([partition, offset]) => [Number(partition), offset]));
  return reader.readMany("events", asked, limits);
}

/** The offsets at which each fetch of a node asked for each partition. */
function askedOf(nodeId: number): Record<number, number>[] {
  return log.fetches
    .filter((fetch) => fetch.nodeId === nodeId)
    .map(({ positions }) => Object.fromEntries(positions));
}

async function timed<Answer>(work: Promise<Answer>): Promise<{ answer: Answer; tookMs: number }> {
  const begun = performance.now();
  return { answer: await work, tookMs: performance.now() - begun };
}

test("a broker without records holds up no other, and is asked once while the others answer", async () => {
  await log.append(0, ["a"]);
  await log.append(0, ["b"]);
  await log.append(2, ["c"]);
  const first = await timed(read({ 0: 0, 1: 0 }, { ...READ, bytesMax: 1 }));
  expect(first.tookMs).toBeLessThan(AT_ONCE_MS);
  expect([...first.answer.keys()]).toEqual([0]);
  expect(valuesOf(first.answer.get(0))).toEqual(["a"]);
  const second = await timed(read({ 0: 1, 1: 0 }));
  expect(valuesOf(second.answer.get(0))).toEqual(["b"]);
  expect(second.tookMs).toBeLessThan(AT_ONCE_MS);
  expect(valuesOf((await read({ 0: 2, 2: 0, 1: 0 })).get(2))).toEqual(["c"]);
  expect(askedOf(1)).toEqual([{ 1: 0 }]);
});

test("records that come to the silent broker are given by the next read, without another request", async () => {
  await log.append(0, ["a"]);
  await read({ 0: 0, 1: 0 });
  await log.append(1, ["late"]);
  // Its answer comes between two reads.
  await sleep(20);
  const { answer, tookMs } = await timed(read({ 0: 1, 1: 0 }));
  expect(valuesOf(answer.get(1))).toEqual(["late"]);
  expect(tookMs).toBeLessThan(AT_ONCE_MS);
  const waiting = timed(read({ 0: 1, 1: 1 }));
  await sleep(20);
  await log.append(1, ["later"]);
  expect(valuesOf((await waiting).answer.get(1))).toEqual(["later"]);
  expect(askedOf(1)).toEqual([{ 1: 0 }, { 1: 1 }]);
  expect(askedOf(0)).toEqual([{ 0: 0 }, { 0: 1 }]);
});

test("a log at rest is asked once in the time that a fetch may wait, and a read never takes longer", async () => {
  const limits = { ...READ, waitMs: 100 };
  const seen = new Set<number>();
  for (let turn = 0; turn < 4; turn++) {
    const { answer, tookMs } = await timed(read({ 0: 0, 1: 0 }, limits));
    for (const [partition, slice] of answer) {
      seen.add(partition);
      expect(slice).toMatchObject({ records: [], nextOffset: 0, highWatermark: 0 });
    }
    expect(tookMs).toBeLessThan(AT_ONCE_MS);
  }
  expect(seen).toEqual(new Set([0, 1]));
  expect(log.fetches.length).toBeLessThanOrEqual(2 * 5);
});

test("a read that may wait less than the fetch under way returns in its own time", async () => {
  await log.append(0, ["a"]);
  await read({ 0: 0, 1: 0 }, { ...READ, waitMs: 5000 });
  const { tookMs } = await timed(read({ 0: 1, 1: 0 }, { ...READ, waitMs: 30 }));
  expect(tookMs).toBeLessThan(AT_ONCE_MS);
  // One that lets nobody wait has the answers of all.
  const { answer } = await timed(read({ 0: 1, 1: 0 }, { ...READ, waitMs: 0 }));
  expect(new Set(answer.keys())).toEqual(new Set([0, 1]));
});

test("a read returns in its own time where no broker answers, with nothing", async () => {
  log.isHung = true;
  const { answer, tookMs } = await timed(read({ 0: 0, 1: 0 }, { ...READ, waitMs: 50 }));
  expect(answer.size).toBe(0);
  expect(tookMs).toBeLessThan(AT_ONCE_MS);
  await read({ 0: 0, 1: 0 }, { ...READ, waitMs: 50 });
  expect(log.fetches).toHaveLength(2);
});

test("of partitions that are asked for elsewhere by now the answer is not used, of the others it is", async () => {
  await log.append(0, ["a"]);
  await log.append(3, ["x", "y"]);
  await log.append(3, ["z"]);
  await read({ 0: 0, 1: 0, 3: 3 });
  await Promise.all([log.append(1, ["b"]), log.append(3, ["new"])]);
  await sleep(20);
  const slices = await read({ 0: 1, 1: 0, 3: 1 });
  expect([...slices.keys()]).toEqual([1]);
  expect(valuesOf(slices.get(1))).toEqual(["b"]);
  expect(valuesOf((await read({ 0: 1, 1: 1, 3: 1 })).get(3))).toEqual(["y", "z", "new"]);
  expect(askedOf(1)).toEqual([
    { 1: 0, 3: 3 },
    { 1: 1, 3: 1 },
  ]);
});

test("an answer is dropped where nothing of it is wanted any more, and of another topic's", async () => {
  await log.append(0, ["a"]);
  await log.append(1, ["b", "c"]);
  await read({ 0: 0, 1: 2 });
  await log.append(1, ["d"]);
  expect(valuesOf((await read({ 0: 1, 1: 1 })).get(1))).toEqual(["c", "d"]);
  const elsewhere = new Map([
    [0, 0],
    [1, 3],
  ]);
  await reader.readMany("audit", elsewhere, READ);
  await log.append(1, ["e"]);
  await read({ 0: 2, 1: 3 });
  expect(askedOf(1)).toEqual([{ 1: 2 }, { 1: 1 }, { 1: 3 }, { 1: 3 }]);
});

test("an answer that lay long is asked for anew", async () => {
  await log.append(0, ["a"]);
  await read({ 0: 0, 1: 0 });
  await log.append(1, ["b"]);
  await sleep(20);
  const now = performance.now.bind(performance);
  jest.spyOn(performance, "now").mockImplementation(() => now() + 6000);
  expect(valuesOf((await read({ 0: 1, 1: 0 })).get(1))).toEqual(["b"]);
  expect(askedOf(1)).toEqual([{ 1: 0 }, { 1: 0 }]);
});

test("a partition whose leader moved is read from the new one, whatever the old one still answers", async () => {
  await log.append(0, ["a"]);
  await read({ 0: 0, 1: 0, 3: 0 });
  await log.append(1, ["b"]);
  await sleep(20);
  log.leaderOf = (partition) => (partition === 3 ? 1 : 0);
  const slices = await read({ 0: 1, 1: 0, 3: 0 });
  expect(valuesOf(slices.get(1)) ?? valuesOf((await read({ 0: 1, 1: 0, 3: 0 })).get(1))).toEqual(["b"]);
  expect(askedOf(0).at(-1)).toEqual({ 0: 1, 1: 0 });
});

test("a fetch that is lost between two reads is sent again by the next one, on new connections", async () => {
  await log.append(0, ["a"]);
  await read({ 0: 0, 1: 0 });
  log.failFetches(1);
  await sleep(20);
  await log.append(1, ["b"]);
  const drop = jest.spyOn(log, "dropConnections");
  expect(valuesOf((await read({ 0: 1, 1: 0 })).get(1))).toEqual(["b"]);
  expect(drop).toHaveBeenCalledTimes(1);
});

test("a fetch that a broker refuses for now is tried again by the next read, and once", async () => {
  await log.append(0, ["a"]);
  await read({ 0: 0, 1: 0 });
  log.failFetches(1, new PartitionError("events", 1, NOT_LEADER));
  await sleep(20);
  const { tookMs } = await timed(read({ 0: 1, 1: 0 }, { ...READ, waitMs: 50 }));
  expect(tookMs).toBeLessThan(AT_ONCE_MS);
  expect(askedOf(1).length).toBeLessThanOrEqual(3);
  expect(askedOf(1).length).toBeGreaterThanOrEqual(2);
});

test("what the loss of old connections did to a fetch is not held against the new ones", async () => {
  await log.append(0, ["a"]);
  await read({ 0: 0, 1: 0 });
  log.dropConnections();
  await sleep(20);
  const drop = jest.spyOn(log, "dropConnections");
  await log.append(1, ["b"]);
  expect(valuesOf((await read({ 0: 1, 1: 0 })).get(1))).toEqual(["b"]);
  expect(drop).not.toHaveBeenCalled();
});

test("a broker's word about a partition reaches the next read, which tries again or tells it", async () => {
  await log.append(0, ["a"]);
  await read({ 0: 0, 1: 0 });
  errorCode = (_, partition) => (partition === 1 ? NOT_LEADER : 0);
  await log.append(1, ["b"]);
  await sleep(20);
  errorCode = () => 0;
  expect(valuesOf((await read({ 0: 1, 1: 0 })).get(1))).toEqual(["b"]);
  expect(askedOf(1)).toEqual([{ 1: 0 }, { 1: 0 }]);
  await log.append(0, ["c"]);
  await read({ 0: 1, 1: 1 });
  errorCode = (_, partition) => (partition === 1 ? REFUSED : 0);
  await log.append(1, ["d"]);
  await sleep(20);
  await expect(read({ 0: 2, 1: 1 })).rejects.toMatchObject({ name: "KafkaRefusedError" });
});

test("after an error all brokers are asked anew, and the others' errors of that time are not met one by one", async () => {
  const attempts = jest.spyOn(log, "partitionsByLeader");
  const reading = read({ 0: 0, 1: 0 });
  await sleep(20);
  errorCode = () => NOT_LEADER;
  await log.append(0, ["a"]);
  await sleep(10);
  errorCode = () => 0;
  expect(valuesOf((await reading).get(0))).toEqual(["a"]);
  expect(attempts).toHaveBeenCalledTimes(2);
});

test("a broker whose answer is overdue is waited for, as its partitions stand still meanwhile", async () => {
  const limits = { ...READ, waitMs: 50 };
  log.isHung = true;
  expect((await read({ 0: 0, 1: 0 }, limits)).size).toBe(0);
  const now = performance.now.bind(performance);
  jest.spyOn(performance, "now").mockImplementation(() => now() + 2000);
  const waiting = timed(read({ 0: 0, 1: 0 }, limits));
  await sleep(200);
  log.isHung = false;
  await log.append(0, ["a"]);
  const { answer, tookMs } = await waiting;
  expect(valuesOf(answer.get(0))).toEqual(["a"]);
  expect(tookMs).toBeGreaterThanOrEqual(190);
});

test("closing ends a read that waits for several brokers", async () => {
  const waiting = expect(read({ 0: 0, 1: 0 })).rejects.toMatchObject({ name: "KafkaUnavailableError" });
  await sleep(20);
  await reader.close();
  await waiting;
});

test("what the budget of a read leaves out is given by the next one, without another request", async () => {
  const four = new ScriptedLog({ partitions: 4, nodes: 4 });
  const fourth = four.reader();
  const positions = new Map([0, 1, 2, 3].map((partition) => [partition, 0]));
  await four.append(3, ["a"]);
  // Longer than it takes to compress what follows.
  await fourth.readMany("events", positions, { ...READ, waitMs: 10_000 });
  positions.set(3, 1);
  // Two of them take the budget.
  const bomb = Buffer.alloc(Math.floor(0.7 * INFLATED_READ_BYTES_MAX));
  for (const partition of [2, 1, 0]) await four.append(partition, [bomb], "gzip");
  await sleep(20);
  const first = await fourth.readMany("events", positions, READ);
  expect([...first.keys()]).toEqual([2, 1]);
  for (const [partition, { nextOffset }] of first) positions.set(partition, nextOffset);
  const second = await fourth.readMany("events", positions, READ);
  expect(second.get(0)?.records).toHaveLength(1);
  expect(four.fetches.filter(({ nodeId }) => nodeId === 0)).toHaveLength(1);
  await fourth.close();
});

test("brokers that answer at once and bring nothing are not asked without a pause", async () => {
  log.isImpatient = true;
  await read({ 0: 0, 1: 0 }, { ...READ, waitMs: 200 });
  // There would be thousands.
  expect(log.fetches.length).toBeLessThanOrEqual(100);
});

test("each partition of each broker has its turn, where the first fills the answer", async () => {
  const positions: Record<number, number> = { 0: 0, 1: 0, 2: 0, 3: 0 };
  for (const partition of [0, 1, 2, 3]) {
    for (let batch = 0; batch < 20; batch++) await log.append(partition, ["x".repeat(100)]);
  }
  for (let turn = 0; turn < 12; turn++) {
    for (const [partition, { nextOffset }] of await read(positions, { ...READ, bytesMax: 1 })) {
      positions[partition] = nextOffset;
    }
  }
  expect(Math.abs((positions[0] ?? 0) - (positions[2] ?? 0))).toBeLessThanOrEqual(1);
  expect(Math.abs((positions[1] ?? 0) - (positions[3] ?? 0))).toBeLessThanOrEqual(1);
  expect(Math.min(...Object.values(positions))).toBeGreaterThanOrEqual(2);
});
