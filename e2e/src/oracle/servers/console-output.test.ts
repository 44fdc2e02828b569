import { describe, expect, it } from "@jest/globals";
import { formatterOptions, newSeparators, parseConsoleOutput } from "./console-output.js";

const separators = { field: "<S>", header: "<H>", record: "<R>", nullValue: "<N>" };

describe("parseConsoleOutput", () => {
  it("takes records apart, binary keys and values exactly", () => {
    const key = Buffer.from([0, 0xff, 0x0a, 0x3c]);
    const output = Buffer.concat([
      Buffer.from("LogAppendTime:1700000000001<S>Partition:3<S>Offset:12<S>reason:a:b<H>n:<S>"),
      key,
      Buffer.from("<S>line\nfeed<R>CreateTime:5<S>Partition:0<S>Offset:0<S>NO_HEADERS<S><N><S><N><R>"),
    ]);
    const none = { timestampMs: 5, partition: 0, offset: 0, headers: new Map(), key: null, value: null };
    expect(parseConsoleOutput(output, separators)).toEqual([
      {
        timestampMs: 1_700_000_000_001,
        partition: 3,
        offset: 12,
        headers: new Map([
          ["reason", Buffer.from("a:b")],
          ["n", Buffer.from("")],
        ]),
        key,
        value: Buffer.from("line\nfeed"),
      },
      none,
    ]);
    expect(parseConsoleOutput(Buffer.from(""), separators)).toEqual([]);
  });

  it("refuses output that was cut, or that is something else", () => {
    const whole = "CreateTime:5<S>Partition:0<S>Offset:0<S>NO_HEADERS<S>k<S>v<R>";
    for (const wrong of [whole.slice(0, -3), `${whole}ERROR`, `warning${whole}`, whole.replace("k<S>", "")]) {
      expect(() => parseConsoleOutput(Buffer.from(wrong), separators)).toThrow();
    }
  });

  it("separates by texts that are new each time", () => {
    expect(newSeparators()).not.toEqual(newSeparators());
    expect(formatterOptions(separators)).toContain("line.separator=<R>");
  });
});
