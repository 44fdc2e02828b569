import { expect, test } from "@jest/globals";
import { GuardedLatestStates } from "./guarded-latest-states.js";
import {
  LatestUnavailableError,
  UnreadableStateError,
  type LatestRead,
  type LatestStates,
} from "./latest-states.js";

/** Far longer than twenty questions take on a busy machine. */
const BREAK_MS = 2000;

/** A store whose reads do what the test says, and are counted. */
class Scripted implements LatestStates {
  reads = 0;
  next: () => Promise<LatestRead> = () => Promise.resolve({ state: undefined, progress: 1 });

  read(): Promise<LatestRead> {
    this.reads++;
    return this.next();
  }

  async probe(): Promise<void> {
    await this.read();
  }
}

test("gives up on a read that hangs, then asks only now and then until the store is back", async () => {
  const inner = new Scripted();
  const guarded = new GuardedLatestStates({ inner, deadlineMs: 30, breakMs: BREAK_MS });
  inner.next = () => new Promise(() => undefined);
  for (let read = 0; read < 20; read++)
    await expect(guarded.read("bus")).rejects.toThrow(LatestUnavailableError);
  expect(inner.reads).toBe(3);
  inner.next = () => Promise.resolve({ state: undefined, progress: 7 });
  await expect(guarded.read("bus")).rejects.toThrow(LatestUnavailableError);
  await new Promise((resolve) => setTimeout(resolve, BREAK_MS + 100));
  expect(await guarded.read("bus")).toEqual({ state: undefined, progress: 7 });
  expect(inner.reads).toBe(4);
});

test("tells of each read that failed, and of none that is refused untried", async () => {
  const inner = new Scripted();
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const guarded = new GuardedLatestStates({ inner, deadlineMs: 1000, onError });
  inner.next = () => Promise.reject(new Error("away"));
  for (let read = 0; read < 5; read++)
    await expect(guarded.read("bus")).rejects.toThrow(LatestUnavailableError);
  expect(errors).toEqual([new Error("away"), new Error("away"), new Error("away")]);
});

test("one user's unreadable state does not close the store to the others", async () => {
  const inner = new Scripted();
  const guarded = new GuardedLatestStates({ inner, deadlineMs: 1000 });
  inner.next = () => Promise.reject(new UnreadableStateError("no state"));
  for (let read = 0; read < 10; read++)
    await expect(guarded.read("bus")).rejects.toThrow(UnreadableStateError);
  expect(inner.reads).toBe(10);
});
