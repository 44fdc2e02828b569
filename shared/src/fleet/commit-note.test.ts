import { describe, expect, test } from "@jest/globals";
import { noteOfFleet, parseCommitNote, printCommitNote, type CommitNote } from "./commit-note.js";

const WHOLE: CommitNote = {
  fleet: "f1",
  begun: { at: 3, times: 2 },
  trying: { offset: 5, times: 1, until: 9 },
  condemned: [6],
  word: { on: "redis", forMs: 1500, at: 1_700_000_000_000 },
};

describe("the note beside a committed offset", () => {
  test("says the same when it is read", () => {
    expect(parseCommitNote(printCommitNote(WHOLE))).toEqual(WHOLE);
  });

  test("of a version that said nothing of itself is read as before", () => {
    const { word: _none, ...earlier } = WHOLE;
    expect(parseCommitNote(JSON.stringify(earlier))).toEqual(earlier);
  });

  test.each([
    ["something that nobody knows", { on: "postgres", forMs: 1, at: 2 }],
    ["no times", { on: "redis" }],
    ["times that are no numbers", { on: "redis", forMs: "1", at: 2 }],
    ["nothing", null],
    ["a text", "redis"],
  ])("counts its deaths also where its word is %s", (_what, word) => {
    const { word: _none, ...rest } = WHOLE;
    expect(noteOfFleet("f1", JSON.stringify({ ...rest, word }))).toEqual(rest);
  });
});
