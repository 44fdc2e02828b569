import { expect, test } from "@jest/globals";
import type { Redis } from "ioredis";
import type { CommandWords } from "./command-words.js";
import { ScriptCalls, scriptOf } from "./script-calls.js";

test.each([0, 1, 3])("sends nothing where a call of two words has %d", async (given) => {
  const sent: unknown[] = [];
  const node = { sendCommand: (command: unknown) => sent.push(command), stream: { write: () => true } };
  const script = scriptOf("return 1");
  const right = { script, keyCount: 1, valueCount: 0, write: (words: CommandWords) => words.text("key") };
  const wrong = {
    script,
    keyCount: 1,
    valueCount: 1,
    write: (words: CommandWords) => Array.from({ length: given }, () => words.text("word")),
  };
  const answers = new ScriptCalls().send(node as unknown as Redis, [right, wrong], undefined);
  await expect(answers).rejects.toThrow(`a command of 5 words was given ${3 + given}`);
  expect(sent).toEqual([]);
});
