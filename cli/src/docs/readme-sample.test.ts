import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";

const README = new URL("../../../README.md", import.meta.url);
/** A column's name before its value, as the demo prints attributes; names of the sample file alone. */
const NAME = /(battery \(%\)|[a-z_]+)=/g;

test("the README's sample of the demo has attributes in the order in which answers have them", async () => {
  const text = await readFile(README, "utf8");
  const block = /### What the demo prints\n+```\n(.*?)\n```/s.exec(text)?.[1] ?? "";
  const lines = block.split("\n").map((line) => [...line.matchAll(NAME)].map(([, name]) => name ?? ""));
  const attributes = lines.filter((names) => names.length > 1);
  expect(attributes).toHaveLength(8);
  for (const names of attributes) expect(names).toEqual(names.toSorted((a, b) => (a < b ? -1 : 1)));
});
