import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "@jest/globals";
import { openInput } from "./open-input.js";

async function readAll(chunks: readonly Buffer[]): Promise<string> {
  const found: Buffer[] = [];
  const input = openInput("-", { stdin: Readable.from(chunks), hashed: false });
  for await (const chunk of input.chunks) found.push(chunk);
  return Buffer.concat(found).toString();
}

describe("an input", () => {
  const text = "user_id,ts\na,1\n";
  it.each([
    ["gzip", gzipSync(text), text],
    ["text", Buffer.from(text), text],
    ["a single byte", Buffer.from("u"), "u"],
    ["nothing", Buffer.alloc(0), ""],
  ])("is read as what it is when its bytes come one by one (%s)", async (_name, bytes, expected) => {
    expect(await readAll([...bytes].map((byte) => Buffer.from([byte])))).toBe(expected);
  });
});
