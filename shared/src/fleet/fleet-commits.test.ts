import { expect, test } from "@jest/globals";
import { commitsOfFleet, fleetOfNote } from "./fleet-commits.js";

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
