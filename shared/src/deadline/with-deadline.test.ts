import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { withDeadline } from "./with-deadline.js";

const never = new Promise<never>(() => undefined);
const LONG_MS = 60_000;

test("work that ends in time gives its answer, or its own error, and leaves no timer", async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  expect(await withDeadline(LONG_MS, Promise.resolve("answer"), () => "late")).toBe("answer");
  await expect(withDeadline(LONG_MS, Promise.reject(new Error("its own")), () => "late")).rejects.toThrow(
    "its own",
  );
  expect(timers()).toBe(before);
});

test("work that is late gives what stands for it, or throws it", async () => {
  expect(await withDeadline(5, never, () => undefined)).toBeUndefined();
  const tooLate = (): never => {
    throw new Error("not within 5 ms");
  };
  await expect(withDeadline(5, never, tooLate)).rejects.toThrow("not within 5 ms");
});

test("what fails after the deadline is nobody's unhandled rejection", async () => {
  const unhandled: unknown[] = [];
  const keep = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", keep);
  const failing = sleep(20).then(() => Promise.reject(new Error("later")));
  expect(await withDeadline(5, failing, () => "late")).toBe("late");
  await sleep(40);
  process.off("unhandledRejection", keep);
  expect(unhandled).toEqual([]);
});
