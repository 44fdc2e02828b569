import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { FoldPacer } from "./fold-pacer.js";

const RECORDS_MAX = 500;

/** What comes after what, by a clock that moves only as it is told. */
class Script {
  nowMs = 0;
  isAsked = true;
  readonly events: string[] = [];
  readonly pacer = new FoldPacer({
    recordsMax: RECORDS_MAX,
    questions: {
      hadWithin: () => this.isAsked,
      none: async (waitMsMax) => {
        await nextTurn();
        this.events.push(`none open, or ${waitMsMax} ms over`);
      },
    },
    now: () => this.nowMs,
  });

  /** @param answersMs what else the loop does before the next transaction may begin */
  async fold(records: number, { tookMs, answersMs }: { tookMs: number; answersMs: number }): Promise<void> {
    setImmediate(() => {
      this.events.push("what came meanwhile");
      this.nowMs += answersMs;
    });
    await this.pacer.fold(records, () => {
      this.events.push("transaction");
      this.nowMs += tookMs;
    });
  }
}

test("after a transaction the loop comes round, and open questions have a moment before the next", async () => {
  const script = new Script();
  await script.fold(100, { tookMs: 5, answersMs: 1 });
  expect(script.events).toEqual(["transaction", "what came meanwhile", "none open, or 2 ms over"]);
  expect(script.pacer.foldMs).toBe(5);
});

describe("a transaction", () => {
  test("is as large as it may be while nobody asks, and has 100 records while questions are asked", async () => {
    const script = new Script();
    expect(script.pacer.recordsMax).toBe(100);
    await script.fold(100, { tookMs: 5, answersMs: 1 });
    expect(script.pacer.recordsMax).toBe(100);
    script.isAsked = false;
    expect(script.pacer.recordsMax).toBe(RECORDS_MAX);
  });

  test("may take as long as answers did since the last one, so that they cannot stop the folding", async () => {
    const script = new Script();
    await script.fold(100, { tookMs: 5, answersMs: 12 });
    expect(script.pacer.recordsMax).toBe(240);
    await script.fold(240, { tookMs: 12, answersMs: 600 });
    expect(script.pacer.recordsMax).toBe(RECORDS_MAX);
    await script.fold(RECORDS_MAX, { tookMs: 25, answersMs: 1 });
    expect(script.pacer.recordsMax).toBe(100);
  });

  test("without records tells nothing about how long they take", async () => {
    const script = new Script();
    await script.fold(0, { tookMs: 5, answersMs: 600 });
    expect(script.pacer.recordsMax).toBe(100);
  });

  test("has as many where the clock did not move", async () => {
    const script = new Script();
    await script.fold(100, { tookMs: 0, answersMs: 0 });
    expect(script.pacer.recordsMax).toBe(100);
  });

  test("never has more than it may, however few that are", () => {
    const questions = { hadWithin: () => true, none: () => Promise.resolve() };
    expect(new FoldPacer({ recordsMax: 40, questions }).recordsMax).toBe(40);
  });
});
