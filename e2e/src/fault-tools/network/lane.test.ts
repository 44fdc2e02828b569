import { PassThrough, Readable } from "node:stream";
import { describe, expect, it } from "@jest/globals";
import { HELD_BYTES_MAX, Lane } from "./lane.js";

const PIECE_BYTES = 64 * 1024;
const PIECES = 200;

/** Hands out pieces as fast as they are taken. */
class Source extends Readable {
  given = 0;

  override _read(): void {
    this.push(this.given === PIECES ? null : Buffer.alloc(PIECE_BYTES));
    if (this.given < PIECES) this.given++;
  }
}

describe("Lane", () => {
  const lane = (delayMs: number, to: PassThrough): { from: Source; held: Lane } => {
    const from = new Source({ highWaterMark: PIECE_BYTES });
    const held = new Lane({
      from,
      to,
      pass: (bytes) => bytes,
      delayMs: () => delayMs,
      onDelivered: () => {},
    });
    return { from, held };
  };
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  /** One piece may lie beside the bound, and one in the source. */
  const takenMax = HELD_BYTES_MAX / PIECE_BYTES + 2;

  it("makes the sender wait when it holds back its bound", async () => {
    const { from, held } = lane(60_000, new PassThrough());
    await pause(50);
    expect(from.given).toBeGreaterThan(1);
    expect(from.given).toBeLessThanOrEqual(takenMax);
    held.close();
  });

  it("makes the sender wait for a receiver that does not read, and goes on when it does", async () => {
    const to = new PassThrough({ highWaterMark: 1 });
    const { from } = lane(0, to);
    await pause(50);
    expect(from.given).toBeLessThanOrEqual(takenMax + 1);
    let received = 0;
    for await (const bytes of to) received += (bytes as Buffer).length;
    expect(received).toBe(PIECES * PIECE_BYTES);
  });
});
