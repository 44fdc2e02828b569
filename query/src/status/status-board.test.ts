import { expect, test } from "@jest/globals";
import { silentLogger, type Logger } from "@lastknown/shared";
import { until } from "../memory-service-for-test.js";
import { snapshotForTest } from "./snapshot-for-test.js";
import { StatusBoard } from "./status-board.js";
import { StatusHistory } from "./status-history.js";

const at = (second: number): string => new Date(Date.UTC(2024, 2, 10, 12, 0, second)).toISOString();

test("makes one snapshot for all who watch, and keeps what was", async () => {
  let taken = 0;
  const take = async () => snapshotForTest({ at: at(taken++) });
  const board = new StatusBoard({ take, logger: silent([]), intervalMs: 5 });
  const [first, second]: string[][] = [[], []];
  board.watch((snapshot) => first?.push(snapshot.at));
  const leave = board.watch((snapshot) => second?.push(snapshot.at));
  board.start();
  await until(
    async () => first?.length ?? 0,
    (length) => length >= 3,
  );
  leave();
  const seen = second?.length;
  await until(
    async () => first?.length ?? 0,
    (length) => length >= 6,
  );
  await board.stop();
  expect(second).toEqual(first?.slice(0, seen));
  expect(taken).toBe(first?.length);
  expect((await board.snapshot())?.at).toBe(first?.at(-1));
  expect(board.history().at).toEqual(first?.map((time) => Date.parse(time) / 1000));
});

test("goes on after a snapshot that failed, and says so once", async () => {
  const logged: string[] = [];
  let turns = 0;
  const take = async () => {
    if (++turns < 4) throw new Error("a bug");
    return snapshotForTest();
  };
  const board = new StatusBoard({ take, logger: silent(logged), intervalMs: 1 });
  board.start();
  await until(
    async () => board.history().at.length,
    (length) => length > 0,
  );
  await board.stop();
  expect(logged).toEqual(["status cannot be put together"]);
});

test("gives nobody a snapshot that is some seconds old", async () => {
  let nowMs = 0;
  let isBroken = false;
  const take = async () => (isBroken ? Promise.reject(new Error("a bug")) : snapshotForTest());
  const board = new StatusBoard({ take, logger: silent([]), monotonicMs: () => nowMs });
  expect(await board.snapshot()).toEqual(snapshotForTest());
  isBroken = true;
  nowMs = 5000;
  expect(await board.snapshot()).toEqual(snapshotForTest());
  nowMs = 5001;
  expect(await board.snapshot()).toBeUndefined();
  isBroken = false;
  expect(await board.snapshot()).toEqual(snapshotForTest());
});

test("waits for no snapshot for ever, and goes on", async () => {
  const logged: string[] = [];
  let turns = 0;
  const take = async () => (++turns < 3 ? new Promise<never>(() => undefined) : snapshotForTest());
  const board = new StatusBoard({ take, logger: silent(logged), intervalMs: 1, takeMsMax: 20 });
  expect(await board.snapshot()).toBeUndefined();
  board.start();
  await until(
    async () => board.history().at.length,
    (length) => length > 0,
  );
  await board.stop();
  expect(logged).toEqual(["status cannot be put together"]);
});

test("does not complain of a snapshot that fails once the board is being stopped", async () => {
  const logged: string[] = [];
  let fail = (_error: Error): void => undefined;
  const take = () => new Promise<never>((_resolve, reject) => (fail = reject));
  const board = new StatusBoard({ take, logger: silent(logged) });
  board.start();
  const stopped = board.stop();
  fail(new Error("the view is closed"));
  await stopped;
  expect(logged).toEqual([]);
});

test("the history has one column per line of the plots, and forgets the oldest", () => {
  const history = new StatusHistory(3);
  for (let second = 0; second < 5; second++) {
    const rates = { inPerSecond: second, outPerSecond: null, viewPerSecond: 0 };
    history.add(snapshotForTest({ at: at(second), rates }));
  }
  const columns = history.columns();
  expect(columns.inPerSecond).toEqual([2, 3, 4]);
  expect(columns.outPerSecond).toEqual([null, null, null]);
  expect(columns.at).toEqual([2, 3, 4].map((second) => Date.parse(at(second)) / 1000));
  expect(new Set(Object.values(columns).map(({ length }) => length))).toEqual(new Set([3]));
});

/** A logger that keeps the errors alone. */
function silent(errors: string[]): Logger {
  return { ...silentLogger, error: (message) => void errors.push(message) };
}
