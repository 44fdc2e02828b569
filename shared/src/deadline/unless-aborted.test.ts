import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { unlessAborted } from "./unless-aborted.js";

const never = new Promise<never>(() => undefined);

test("work that ends first gives its answer, or its own error, and leaves no listener", async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(signal, Promise.resolve("answer"))).toBe("answer");
  await expect(unlessAborted(signal, Promise.reject(new Error("its own")))).rejects.toThrow("its own");
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("work that has not ended gives way to the signal's reason, whether it comes now or came before", async () => {
  const ending = new AbortController();
  const waiting = unlessAborted(ending.signal, never);
  ending.abort(new Error("over"));
  await expect(waiting).rejects.toThrow("over");
  await expect(unlessAborted(ending.signal, never)).rejects.toThrow("over");
  expect(getEventListeners(ending.signal, "abort")).toEqual([]);
}, 5000);

test("what fails after the signal is nobody's unhandled rejection", async () => {
  const unhandled: unknown[] = [];
  const keep = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", keep);
  const failing = sleep(20).then(() => Promise.reject(new Error("later")));
  await expect(unlessAborted(AbortSignal.abort(new Error("over")), failing)).rejects.toThrow("over");
  await sleep(40);
  process.off("unhandledRejection", keep);
  expect(unhandled).toEqual([]);
});
