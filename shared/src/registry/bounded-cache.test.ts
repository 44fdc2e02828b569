import { expect, test } from "@jest/globals";
import { BoundedCache } from "./bounded-cache.js";

test("BoundedCache drops what was not used for longest", () => {
  const cache = new BoundedCache<number, string>(2);
  cache.set(1, "one");
  cache.set(2, "two");
  cache.get(1);
  cache.set(3, "three");
  expect([cache.get(1), cache.get(2), cache.get(3), cache.size]).toEqual(["one", undefined, "three", 2]);
});
