import { createHash } from "node:crypto";
import type { Command, Redis } from "ioredis";
import type { CommandWords } from "./command-words.js";
import { CommandWriter } from "./command-writer.js";

type WriteStream = NonNullable<Parameters<Redis["sendCommand"]>[1]>;

/** A script and the digest that Redis knows it by once it has run. */
export interface Script {
  readonly lua: string;
  readonly digest: string;
}

/** One call of a script. */
export interface ScriptCall {
  readonly script: Script;
  readonly keyCount: number;
  readonly valueCount: number;
  /** Gives the keys, then the values, each as a word. */
  write(words: CommandWords): void;
}

/** What came of one command: its reply, or the error that Redis or the connection gave instead. */
export interface Answer {
  readonly reply?: unknown;
  readonly error?: Error;
}

export function scriptOf(lua: string): Script {
  return { lua, digest: createHash("sha1").update(lua).digest("hex") };
}

/**
 * Calls scripts over the connections of ioredis, many at once: written as one piece, with one promise for all of them.
 * ioredis's own pipeline makes an object, a promise and the slot of every key for each call, which cost more than all
 * else that a worker does to a state.
 */
export class ScriptCalls {
  /** Digests of the scripts that have been sent whole over a client's connection. */
  readonly #sent = new WeakMap<Redis, Set<string>>();

  /**
   * One answer per call, in their order, and behind them that of WAIT. Rejects only where a call cannot be written, and
   * then nothing was sent.
   *
   * @param waitMs how long to wait at the end until a replica has what was written; undefined does not wait
   */
  async send(node: Redis, calls: readonly ScriptCall[], waitMs: number | undefined): Promise<Answer[]> {
    const sent = this.#sent.get(node) ?? new Set();
    this.#sent.set(node, sent);
    const commands = new Commands();
    for (const call of calls) commands.add(() => writeCall(commands.words, call, sent));
    if (waitMs !== undefined) commands.add(() => writeWait(commands.words, waitMs));
    const answers = await sendTogether(node, commands);
    // A node that was emptied of its scripts: they go whole with the next calls.
    if (answers.some(({ error }) => error?.message.startsWith("NOSCRIPT"))) sent.clear();
    return answers;
  }
}

/** The words of several commands, and where each ends. */
class Commands {
  readonly words = new CommandWriter();
  readonly #ends: number[] = [];

  add(write: () => void): void {
    write();
    this.#ends.push(this.words.length);
  }

  get count(): number {
    return this.#ends.length;
  }

  /** When all are added. */
  bytesOf(index: number): Buffer {
    return this.words.slice(this.#ends[index - 1] ?? 0, this.#ends[index] as number);
  }
}

const WORDS_BEFORE_KEYS = 3;

/** The first call of a script on a connection carries it whole. In small letters, as the client sends all others. */
function writeCall(words: CommandWriter, call: ScriptCall, sent: Set<string>): void {
  const { script, keyCount, valueCount } = call;
  const count = WORDS_BEFORE_KEYS + keyCount + valueCount;
  const before = words.words;
  words.command(count);
  const isKnown = sent.has(script.digest);
  words.text(isKnown ? "evalsha" : "eval");
  words.text(isKnown ? script.digest : script.lua);
  words.text(String(keyCount));
  call.write(words);
  // Sent, it would take what comes behind it for its own, or lack something for ever.
  if (words.words - before !== count)
    throw new Error(`a command of ${count} words was given ${words.words - before}`);
  sent.add(script.digest);
}

function writeWait(words: CommandWriter, waitMs: number): void {
  words.command(3);
  for (const word of ["wait", "1", String(waitMs)]) words.text(word);
}

/** One answer per command, in their order. Never rejects. */
function sendTogether(node: Redis, commands: Commands): Promise<Answer[]> {
  return new Promise((resolve) => {
    const answers: Answer[] = [];
    let missing = commands.count;
    const answer = (index: number, given: Answer): void => {
      answers[index] = given;
      if (--missing === 0) resolve(answers);
    };
    if (missing === 0) return resolve(answers);
    const written = new GatheredBytes(node);
    for (let index = 0; index < commands.count; index++) {
      const command = new SentCommand(commands.bytesOf(index), (given) => answer(index, given));
      node.sendCommand(command as unknown as Command, written as unknown as WriteStream);
    }
    written.flush();
  });
}

/** What ioredis writes commands to: their bytes go out as one, and those that it sends later, as they come. */
class GatheredBytes {
  readonly #node: Redis;
  #pieces: Buffer[] | undefined = [];

  constructor(node: Redis) {
    this.#node = node;
  }

  write(bytes: Buffer): void {
    if (this.#pieces === undefined) this.#node.stream.write(bytes);
    else this.#pieces.push(bytes);
  }

  flush(): void {
    const pieces = this.#pieces ?? [];
    this.#pieces = undefined;
    if (pieces.length > 0) this.#node.stream.write(Buffer.concat(pieces));
  }
}

/**
 * A command as far as ioredis looks at one that is on its way: its bytes are there already, and its reply is handed on
 * as it is. `script-calls.it.test.ts` holds it against the version in use.
 */
class SentCommand {
  /** ioredis treats some commands differently by their names, and none that is called so. */
  readonly name = "evalsha";
  readonly args: readonly string[] = [];
  readonly inTransaction = false;
  /** There is no promise of it to be traced. */
  readonly isTraced = true;
  readonly promise = undefined;
  readonly #bytes: Buffer;
  readonly #answered: (answer: Answer) => void;

  constructor(bytes: Buffer, answered: (answer: Answer) => void) {
    this.#bytes = bytes;
    this.#answered = answered;
  }

  toWritable(): Buffer {
    return this.#bytes;
  }

  resolve(reply: unknown): void {
    this.#answered({ reply });
  }

  reject(error: Error): void {
    this.#answered({ error });
  }

  /** In which shape replies come: they are numbers, which look the same in all. */
  setReplyContext(): void {
    // Nothing follows from it.
  }

  /** The caller has a deadline for all of them. */
  setTimeout(): void {
    // Nothing is to be ended.
  }
}
