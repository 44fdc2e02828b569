import { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { WritesOfATurn, type NodesOfRedis } from "./writes-of-a-turn.js";

/** A connection that notes what goes out together. */
class NotedStream extends Writable {
  readonly writes: string[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes.push(chunk.toString());
    done();
  }

  override _writev(chunks: readonly { chunk: Buffer }[], done: () => void): void {
    this.writes.push(Buffer.concat(chunks.map(({ chunk }) => chunk)).toString());
    done();
  }
}

test("what is asked within one turn goes out in one write for each node, and what comes after it in the next", async () => {
  const [first, second] = [new NotedStream(), new NotedStream()];
  const nodes = [{ stream: first }, { stream: undefined }, { stream: second }];
  const writes = new WritesOfATurn({ nodes: () => nodes } as unknown as NodesOfRedis);
  const ask = (stream: NotedStream, text: string): void => {
    writes.hold();
    stream.write(text);
  };
  ask(first, "a");
  await Promise.resolve();
  ask(first, "b");
  ask(second, "c");
  expect([first.writes, second.writes]).toEqual([[], []]);
  await nextTurn();
  expect([first.writes, second.writes]).toEqual([["ab"], ["c"]]);
  ask(first, "d");
  await nextTurn();
  expect(first.writes).toEqual(["ab", "d"]);
});

test("a connection that is lost while it is held back does no harm", async () => {
  const stream = new NotedStream();
  const writes = new WritesOfATurn({ nodes: () => [{ stream }] } as unknown as NodesOfRedis);
  writes.hold();
  stream.destroy();
  await nextTurn();
  expect(stream.writes).toEqual([]);
});
