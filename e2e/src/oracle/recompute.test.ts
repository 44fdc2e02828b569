import { describe, expect, it } from "@jest/globals";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { contentId } from "./event/event-id.js";
import { printMoment } from "./file/moment.js";
import { recompute, recomputeBytes, type RecomputeOptions } from "./recompute.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

describe("recompute", () => {
  it("publishes by sts, rows of one sts as they stand in the file", () => {
    const file = `device_id,time_stamp,sts,n
u,1970-01-01T00:00:03Z,1970-01-01T00:00:09.67886Z,1
u,1970-01-01T00:00:02Z,1970-01-01T00:00:09.678861Z,2
u,1970-01-01T00:00:01Z,1970-01-01T00:00:09.678Z,3
u,1970-01-01T00:00:05Z,1970-01-01T00:00:09.678861Z,4
`;
    const { arrivals, timelines } = recomputeBytes(Buffer.from(file));
    expect(arrivals.map(({ attributes }) => attributes)).toEqual([
      '{"n":3}',
      '{"n":1}',
      '{"n":2}',
      '{"n":4}',
    ]);
    expect(timelines.get("u")?.arrivals.map(({ verdict }) => verdict)).toEqual([
      "applied",
      "applied",
      "stale",
      "applied",
    ]);
  });

  it("types each column by all its cells and leaves empty ones out", () => {
    const file = `user_id,ts,whole,badge,big,flag,mixed,nothing,battery (%)
u,0,1,007,9007199254740991,true,1,,-0
u,1,2.5e3,7,9007199254740992,false,true,,
`;
    const { types, arrivals } = recomputeBytes(Buffer.from(file));
    expect(Object.fromEntries(types)).toEqual({
      whole: "number",
      badge: "text",
      big: "text",
      flag: "boolean",
      mixed: "text",
      nothing: "none",
      "battery (%)": "number",
    });
    expect(arrivals.map(({ attributes }) => attributes)).toEqual([
      '{"badge":"007","battery (%)":0,"big":"9007199254740991","flag":true,"mixed":"1","whole":1}',
      '{"badge":"7","big":"9007199254740992","flag":false,"mixed":"true","whole":2500}',
    ]);
    expect(arrivals.map(({ sts, timeStamp }) => [timeStamp, sts])).toEqual([
      [0n, 0n],
      [1_000_000n, 1_000_000n],
    ]);
  });

  it("rejects rows with their line and reason, and a number that is not finite with them", () => {
    const file = `user_id,ts,n,t
u,0,1,1e400
u,0
,0,1,x
u,2024-01-01T00:00:00,none,x
u,0,1e400,x
"${"u".repeat(257)}",0,1,x
`;
    const { rejected, rows, arrivals } = recomputeBytes(Buffer.from(file));
    expect(rejected.map(({ line, reason }) => `${line} ${reason}`)).toEqual([
      "3 ragged",
      "4 no user",
      "5 no legal time",
      "6 a number that is not finite",
      "7 user too long",
    ]);
    expect(rows).toBe(6);
    expect(arrivals[0]?.attributes).toBe('{"n":1,"t":"1e400"}');
  });

  it("leaves columns out of the identity, or takes the file's own ids", () => {
    const file = Buffer.from("user_id,ts,id,poll\nu,0,e1,1\nu,0,e1,2\nu,0,e2,2\n");
    const content = recomputeBytes(file, { notIdentity: ["poll"] });
    expect(content.arrivals.map(({ eventId }) => eventId)).toEqual([
      contentId("u", 0n, '{"id":"e1"}'),
      contentId("u", 0n, '{"id":"e1"}'),
      contentId("u", 0n, '{"id":"e2"}'),
    ]);
    expect(content.arrivals[1]?.attributes).toBe('{"id":"e1","poll":2}');
    const given = recomputeBytes(Buffer.concat([file, Buffer.from("u,0,,3\n")]), { eventIdColumn: "id" });
    expect(given.rejected).toEqual([{ line: 5, reason: "no event id" }]);
    expect(new Set(given.arrivals.map(({ eventId }) => eventId)).size).toBe(2);
  });

  it("takes a comma before a fraction where the separator is none, or as told", () => {
    const attributesOf = (file: string, options: RecomputeOptions = {}): string[] =>
      recomputeBytes(Buffer.from(file), options).arrivals.map(({ attributes }) => attributes);
    const file = "user_id;ts;n;mixed;whole\nu;0;1,5;1,5;3\nu;1;-2,25e1;1.5;4\n";
    expect(attributesOf(file)).toEqual([
      '{"mixed":"1,5","n":1.5,"whole":3}',
      '{"mixed":"1.5","n":-22.5,"whole":4}',
    ]);
    expect(attributesOf(file, { decimal: "." })[0]).toBe('{"mixed":"1,5","n":"1,5","whole":3}');
    const quoted = 'user_id,ts,n\nu,0,"1,5"\n';
    expect(attributesOf(quoted)).toEqual(['{"n":"1,5"}']);
    expect(attributesOf(quoted, { decimal: "," })).toEqual(['{"n":1.5}']);
  });

  it("reads cells by the types that are named, and rejects those that do not fit", () => {
    const file = "user_id,ts,d,l,b,s\nu,0,007,+12,true,1\nu,1,x,1,true,\nu,2,1,1.5,,\nu,3,,,yes,\n";
    const types = { d: "double", l: "long", b: "boolean", s: "string" } as const;
    const { arrivals, rejected } = recomputeBytes(Buffer.from(file), { types });
    expect(arrivals.map(({ attributes }) => attributes)).toEqual(['{"b":true,"d":7,"l":12,"s":"1"}']);
    expect(rejected.map(({ line }) => line)).toEqual([3, 4, 5]);
  });

  it("takes only what was received in the window, and learns types from it alone", () => {
    const file = "user_id,ts,sts,n\nu,9,1,x\nu,9,2,1\nu,9,3,2\nu,9,4,y\n,9,9,z\n";
    const { arrivals, rejected, rows } = recomputeBytes(Buffer.from(file), {
      timeUnit: "us",
      start: 2n,
      end: 4n,
    });
    expect(arrivals.map(({ attributes }) => attributes)).toEqual(['{"n":1}', '{"n":2}']);
    expect([rejected.length, rows]).toEqual([1, 5]);
  });

  it("reads times without a zone by the zone's clock, and cells in other quotes or none", () => {
    const file = "user_id,ts\nu,2024-07-01 12:00\nu,2024-03-31 02:30\nu,2024-10-27\n";
    const { arrivals, rejected } = recomputeBytes(Buffer.from(file), { zone: "Europe/Madrid" });
    expect(arrivals.map(({ timeStamp }) => printMoment(timeStamp))).toEqual([
      "2024-07-01T10:00:00.000000Z",
      "2024-10-26T22:00:00.000000Z",
    ]);
    expect(rejected.map(({ line }) => line)).toEqual([3]);

    const quoted = Buffer.from("user_id,ts,t\nu,0,'a,b'\n");
    expect(recomputeBytes(quoted, { quote: "'" }).arrivals[0]?.attributes).toBe('{"t":"a,b"}');
    const bare = Buffer.from('user_id,ts,t\nu,0,"a\n');
    expect(recomputeBytes(bare, { quote: "none" }).arrivals[0]?.attributes).toBe('{"t":"\\"a"}');
  });

  it("leaves out what an export adds about each arrival", () => {
    const { arrivals } = recomputeBytes(Buffer.from("user_id,ts,lastknown.verdict,n\nu,0,stale,1\n"));
    expect(arrivals[0]?.attributes).toBe('{"n":1}');
  });

  it("reads a gzipped file with a byte order mark", () => {
    const folder = mkdtempSync(join(tmpdir(), "oracle-"));
    try {
      const path = join(folder, "file.csv.gz");
      writeFileSync(path, gzipSync("\ufeffuser_id;ts\r\nu;0\r\n"));
      expect(recompute(path).arrivals).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("finds every kind of row in the sample file", () => {
    const { arrivals, rejected, timelines, types } = recompute(join(root, "sample/fleet.csv"));
    expect([arrivals.length, rejected.length, timelines.size]).toEqual([2000, 0, 20]);
    expect(types.get("badge")).toBe("text");
    const judged = [...timelines.values()].flatMap((timeline) => timeline.arrivals);
    const count = (verdict: string): number => judged.filter((arrival) => arrival.verdict === verdict).length;
    expect(count("applied") + count("duplicate") + count("stale")).toBe(2000);
    expect(count("stale")).toBeGreaterThan(1200);
    expect(count("duplicate")).toBeGreaterThan(40);
    expect(judged.filter(({ clamped }) => clamped).length).toBeGreaterThan(20);
  });
});
