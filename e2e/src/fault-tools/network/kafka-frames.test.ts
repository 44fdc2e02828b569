import { describe, expect, it } from "@jest/globals";
import { correlationIdOf, KafkaFrames, requestOf } from "./kafka-frames.js";

describe("KafkaFrames", () => {
  const frame = (length: number, rest: string): Buffer => {
    const bytes = Buffer.alloc(4 + length);
    bytes.writeInt32BE(length, 0);
    Buffer.from(rest, "hex").copy(bytes, 4);
    return bytes;
  };
  const requests = Buffer.concat([frame(30, "0000000700000101"), frame(8, "0008000600000102")]);

  it("finds every request, however the bytes are cut", () => {
    const wanted = [
      { apiKey: 0, correlationId: 0x101 },
      { apiKey: 8, correlationId: 0x102 },
    ];
    for (let size = 1; size <= requests.length; size++) {
      const frames = KafkaFrames.ofRequests();
      const found = [];
      for (let at = 0; at < requests.length; at += size) {
        for (const one of frames.take(requests.subarray(at, at + size))) {
          found.push(requestOf(one));
        }
      }
      expect(found).toEqual(wanted);
    }
  });

  it("says where in a piece a frame begins and ends", () => {
    const answers = Buffer.concat([frame(10, "00000101"), frame(4, "00000102"), frame(100, "00000103")]);
    const frames = KafkaFrames.ofAnswers();
    const early = frames.take(answers.subarray(0, 5));
    const found = frames.take(answers.subarray(5, 40));
    expect(early).toEqual([]);
    expect(found.map(correlationIdOf)).toEqual([0x101, 0x102, 0x103]);
    expect(found.map(({ at, end }) => [at + 5, end + 5])).toEqual([
      [0, 14],
      [14, 22],
      [22, 126],
    ]);
  });
});
