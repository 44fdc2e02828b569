import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { SortedUsers } from "./sorted-users.js";

test("users come by their bytes, whenever they were added and asked for", () => {
  const names = fc.uniqueArray(fc.string({ unit: "binary", minLength: 1, maxLength: 4 }), { maxLength: 40 });
  fc.assert(
    fc.property(names, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (users, isAsked) => {
      const sorted = new SortedUsers();
      for (const [index, user] of users.entries()) {
        sorted.add(user);
        if (isAsked[index] === true)
          expect([...sorted.from(undefined)]).toEqual(byBytes(users.slice(0, index + 1)));
      }
      const all = byBytes(users);
      expect([...sorted.from(undefined)]).toEqual(all);
      for (const [index, user] of all.entries()) expect([...sorted.from(user)]).toEqual(all.slice(index + 1));
      sorted.clear();
      expect([...sorted.from(undefined)]).toEqual([]);
    }),
  );
});

function byBytes(users: readonly string[]): string[] {
  return [...users].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
