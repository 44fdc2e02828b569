import { describe, expect, it } from "@jest/globals";
import { csvRows, detectSeparator } from "./csv-rows.js";

const rowsOf = (text: string | Buffer, separator = ","): unknown[] => {
  return [...csvRows(Buffer.from(text as string), separator)].map((row) => {
    return row.kind === "cells" ? row.cells : `${row.line}: ${row.reason}`;
  });
};

describe("csvRows", () => {
  it("reads LF and CRLF, with or without an end of the last line", () => {
    expect(rowsOf("a,b\n1,2\n")).toEqual([
      ["a", "b"],
      ["1", "2"],
    ]);
    expect(rowsOf("a,b\r\n1,2")).toEqual([
      ["a", "b"],
      ["1", "2"],
    ]);
  });

  it("unquotes cells with separators, quotes and line ends", () => {
    expect(rowsOf('x,"a, ""b""\r\nc",y\nnext,,\n')).toEqual([
      ["x", 'a, "b"\r\nc', "y"],
      ["next", "", ""],
    ]);
  });

  it("takes a quote that does not stand first as text", () => {
    expect(rowsOf('a"b,5" x\n')).toEqual([['a"b', '5" x']]);
  });

  it("never trims a cell, keeps empty ones, skips empty lines", () => {
    expect(rowsOf(" a ,\t,\n\n,,\r\n")).toEqual([
      [" a ", "\t", ""],
      ["", "", ""],
    ]);
    expect(rowsOf("a;b,c\n", ";")).toEqual([["a", "b,c"]]);
  });

  it("names the line and the reason of a broken row and goes on after it", () => {
    const badUtf8 = Buffer.concat([Buffer.from("a\n"), Buffer.from([0x62, 0xff, 0x0a]), Buffer.from("c\n")]);
    expect(rowsOf(badUtf8)).toEqual([["a"], "2: not UTF-8", ["c"]]);
    expect(rowsOf("a\nb\0\nc\n")).toEqual([["a"], "2: a NUL", ["c"]]);
    expect(rowsOf('"x\ny"\n"b"c\nd\n')).toEqual([["x\ny"], "3: text after a closing quote", ["d"]]);
    expect(rowsOf(`a\n${"z".repeat(512 * 1024)}\nc`)).toEqual([["a"], "2: the row is too large", ["c"]]);
  });

  it("tells the separator by the header", () => {
    expect(detectSeparator(Buffer.from("a;b,c;d\n1,2,3,4"))).toBe(";");
    expect(detectSeparator(Buffer.from("alone"))).toBe(",");
  });
});
