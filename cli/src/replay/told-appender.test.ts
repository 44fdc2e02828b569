import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import type { Appender } from "@lastknown/shared";
import { ToldAppender } from "./told-appender.js";

const TELL_AFTER_MS = 30;

/** Answers each append when it is told to. */
class HeldAppender implements Appender {
  readonly held: { resolve: () => void; reject: (error: Error) => void }[] = [];

  append(): Promise<void> {
    return new Promise((resolve, reject) => this.held.push({ resolve, reject }));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function told() {
  const lines: string[] = [];
  const held = new HeldAppender();
  const appender = new ToldAppender({
    appender: held,
    brokers: ["a:1", "b:2"],
    patienceMs: 600_000,
    tell: (line) => lines.push(line),
    tellAfterMs: TELL_AFTER_MS,
  });
  return { lines, held: held.held, append: () => appender.append("events", []) };
}

test("a wait for Kafka is told once, and its end", async () => {
  const { lines, held, append } = told();
  const appends = [append(), append()];
  await pause(TELL_AFTER_MS * 2);
  expect(lines).toEqual([
    "Kafka at a:1,b:2 acknowledges no records for 30.0 ms now; waiting, for 10 minutes at most (Ctrl-C twice gives up)",
  ]);
  for (const { resolve } of held) resolve();
  await Promise.all(appends);
  expect(lines.slice(1)).toEqual([
    expect.stringMatching(/^Kafka acknowledges records again, after \d+\.\d ms$/),
  ]);
});

test("nothing is told while acknowledgements come", async () => {
  const { lines, held, append } = told();
  const appends = Array.from({ length: 12 }, append);
  for (const { resolve } of held) {
    await pause(TELL_AFTER_MS / 6);
    resolve();
  }
  await Promise.all(appends);
  await pause(TELL_AFTER_MS * 2);
  expect(lines).toEqual([]);
});

test("after a failure nothing more is told, and the failure is passed on", async () => {
  const { lines, held, append } = told();
  const appending = append();
  held[0]?.reject(new Error("refused"));
  await expect(appending).rejects.toThrow("refused");
  await pause(TELL_AFTER_MS * 2);
  expect(lines).toEqual([]);
});
