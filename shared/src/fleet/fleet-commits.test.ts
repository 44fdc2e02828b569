import { expect, test } from "@jest/globals";
import { commitsOfFleet, fleetOfNote, SeenCommits } from "./fleet-commits.js";

test.each([
  ['{"fleet":"f1","begun":{"at":3,"times":1}}', "f1"],
  ['{"fleet":7}', undefined],
  ["null", undefined],
  ['"f1"', undefined],
  ["by hand", undefined],
  ["", undefined],
  [undefined, undefined],
])("the note %s is of fleet %s", (note, fleet) => {
  expect(fleetOfNote(note)).toBe(fleet);
});

test("offsets of a tool, and of a fleet of the same name that is gone, are not this fleet's", () => {
  const committed = new Map([
    [0, { offset: 5, note: '{"fleet":"f1"}' }],
    [1, { offset: 900, note: "" }],
    [2, { offset: 700, note: '{"fleet":"f0"}' }],
  ]);
  expect(commitsOfFleet("f1", committed)).toEqual(new Map([[0, { offset: 5, note: '{"fleet":"f1"}' }]]));
});

test("a stranger's commit hides what the fleet's workers committed before it only from who never saw that", () => {
  const own = (offset: number) => ({ offset, note: '{"fleet":"f1"}' });
  const stranger = { offset: 900, note: "" };
  const seen = new SeenCommits();
  expect(seen.look("f1", new Map([[0, stranger]]))).toEqual(new Map());
  expect(seen.look("f1", new Map([[0, own(5)]]))).toEqual(new Map([[0, own(5)]]));
  expect(seen.look("f1", new Map([[0, stranger]]))).toEqual(new Map([[0, own(5)]]));
  // The fleet's own word counts, also where it is less.
  expect(seen.look("f1", new Map([[0, own(3)]]))).toEqual(new Map([[0, own(3)]]));
  // Nothing is committed: that is not somebody else's word.
  expect(seen.look("f1", new Map())).toEqual(new Map());
  expect(seen.look("f2", new Map([[0, stranger]]))).toEqual(new Map());
});
