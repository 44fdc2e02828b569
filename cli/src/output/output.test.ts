import { describe, expect, test } from "@jest/globals";
import { printCount, printCounted, printMillis, printSeconds } from "./figures.js";
import { printable, shortened, tableLines } from "./table.js";

describe("figures for people", () => {
  test("have thousands apart, and units that keep them short", () => {
    expect([printCount(1234567), printCount(999), printCount(1234.5)]).toEqual([
      "1,234,567",
      "999",
      "1,234.5",
    ]);
    expect([printCounted(1, "row"), printCounted(2, "row")]).toEqual(["1 row", "2 rows"]);
    expect([0.4211, 12.34, 456.7, 1730, 125_000].map(printMillis)).toEqual([
      "0.42 ms",
      "12.3 ms",
      "457 ms",
      "1.73 s",
      "2 min 5 s",
    ]);
    expect(printSeconds(9000)).toBe("2 h 30 min");
  });
});

describe("a table", () => {
  test("has columns as wide as their widest cell, numbers right, and no space at the end", () => {
    const lines = tableLines(
      [{ title: "NAME" }, { title: "N", align: "right" }, { title: "" }],
      [["é", "100", ""]],
    );
    expect(lines).toEqual(["NAME    N", "é     100"]);
  });

  test("shows what could disturb a terminal as its code", () => {
    expect(printable("a\u001b[31m\nb\u202e")).toBe("a\\u001b[31m\\u000ab\\u202e");
    expect(shortened("abcdef", 4)).toBe("abc…");
  });
});
