import { describe, expect, test } from "@jest/globals";
import { FoldPacer } from "./fold-pacer.js";

const RECORDS_MAX = 500;

/** What comes after what, by a clock that moves only as it is told. */
class Script {
  nowMs = 0;
  isAsked = true;
  readonly events: string[] = [];
  readonly #pacer: FoldPacer;

  constructor(recordsMax = RECORDS_MAX) {
    const none = (waitMsMax: number): Promise<void> => {
      this.events.push(`none open, or ${waitMsMax} ms over`);
      return Promise.resolve();
    };
    const questions = { hadWithin: () => this.isAsked, none };
    this.#pacer = new FoldPacer({ recordsMax, questions, now: () => this.nowMs });
  }

  /**
   * A transaction of all that it may have, or of so many.
   * @param answersMs what else the loop does before the next transaction may begin
   * @returns how many records it might have
   */
  async fold({ tookMs = 5, answersMs = 1, records = NaN }): Promise<number> {
    let allowed = NaN;
    setImmediate(() => this.events.push("what this turn has read"));
    const foldMs = await this.#pacer.fold((recordsMax) => {
      allowed = recordsMax;
      this.events.push("transaction");
      this.nowMs += tookMs;
      setImmediate(() => {
        this.events.push("what came meanwhile");
        this.nowMs += answersMs;
      });
      return Number.isNaN(records) ? recordsMax : records;
    });
    expect(foldMs).toBe(tookMs);
    return allowed;
  }
}

test("before a transaction and after it the loop comes round, and open questions have a moment before the next", async () => {
  const script = new Script();
  await script.fold({ tookMs: 5 });
  expect(script.events).toEqual([
    "what this turn has read",
    "transaction",
    "what came meanwhile",
    "none open, or 2 ms over",
  ]);
});

test("open questions have no longer than the transaction took", async () => {
  const script = new Script();
  await script.fold({ tookMs: 1 });
  expect(script.events.at(-1)).toBe("none open, or 1 ms over");
});

describe("a transaction", () => {
  test("has 100 records while questions are asked, and as many as it may have while nobody asks", async () => {
    const script = new Script();
    expect([await script.fold({}), await script.fold({})]).toEqual([100, 100]);
    script.isAsked = false;
    expect(await script.fold({})).toBe(RECORDS_MAX);
  });

  test("may take as long as answers did since the last one, so that they cannot stop the folding", async () => {
    const script = new Script();
    await script.fold({ tookMs: 5, answersMs: 12 });
    expect(await script.fold({ tookMs: 12, answersMs: 600 })).toBe(240);
    expect(await script.fold({ tookMs: 25, answersMs: 1 })).toBe(RECORDS_MAX);
    expect(await script.fold({})).toBe(100);
  });

  test("without records tells nothing about how long they take", async () => {
    const script = new Script();
    await script.fold({ records: 0, answersMs: 600 });
    expect(await script.fold({})).toBe(100);
  });

  test("has as many where the clock did not move", async () => {
    const script = new Script();
    await script.fold({ tookMs: 0, answersMs: 0 });
    await script.fold({ tookMs: 0, answersMs: 0, records: 0 });
    expect(await script.fold({})).toBe(100);
  });

  test("never has more than it may, however few that are", async () => {
    expect(await new Script(40).fold({})).toBe(40);
  });
});
