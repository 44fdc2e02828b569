import { createHash } from "node:crypto";
import type { Command, Redis } from "ioredis";

type WriteStream = NonNullable<Parameters<Redis["sendCommand"]>[1]>;

const END = "\r\n";

/** A script and the digest that Redis knows it by once it has run. */
export interface Script {
  readonly lua: string;
  readonly digest: string;
}

/** One call of a script. */
export interface ScriptCall {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly values: readonly string[];
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
 * Calls scripts over the connections of ioredis, many at once: written as one text, with one promise for all of them.
 * ioredis's own pipeline makes an object, a promise and the slot of every key for each call, which cost more than all
 * else that a worker does to a state.
 */
export class ScriptCalls {
  /** Digests of the scripts that have been sent whole over a client's connection. */
  readonly #sent = new WeakMap<Redis, Set<string>>();

  /**
   * One answer per call, in their order, and behind them that of WAIT. Never rejects.
   *
   * @param waitMs how long to wait at the end until a replica has what was written; undefined does not wait
   */
  async send(node: Redis, calls: readonly ScriptCall[], waitMs: number | undefined): Promise<Answer[]> {
    const sent = this.#sent.get(node) ?? new Set();
    this.#sent.set(node, sent);
    const texts = calls.map((call) => commandText(scriptHead(call, sent), call.keys, call.values));
    if (waitMs !== undefined) texts.push(commandText(["wait", "1", String(waitMs)]));
    const answers = await sendTogether(node, texts);
    // A node that was emptied of its scripts: they go whole with the next calls.
    if (answers.some(({ error }) => error?.message.startsWith("NOSCRIPT"))) sent.clear();
    return answers;
  }
}

/** The first call of a script on a connection carries it whole. In small letters, as the client sends all others. */
function scriptHead({ script, keys }: ScriptCall, sent: Set<string>): readonly string[] {
  const isKnown = sent.has(script.digest);
  sent.add(script.digest);
  return isKnown
    ? ["evalsha", script.digest, String(keys.length)]
    : ["eval", script.lua, String(keys.length)];
}

/** A command as Redis reads it: an array of texts, each with its length in bytes. */
function commandText(...parts: readonly (readonly string[])[]): string {
  let count = 0;
  for (const words of parts) count += words.length;
  const pieces = [`*${count}`];
  for (const words of parts) for (const word of words) pieces.push(`$${Buffer.byteLength(word)}`, word);
  // One text of one piece: to add them one by one would leave a tree of them behind.
  return `${pieces.join(END)}${END}`;
}

/** One answer per text, in their order. Never rejects. */
function sendTogether(node: Redis, texts: readonly string[]): Promise<Answer[]> {
  return new Promise((resolve) => {
    const answers: Answer[] = [];
    let missing = texts.length;
    const answer = (index: number, given: Answer): void => {
      answers[index] = given;
      if (--missing === 0) resolve(answers);
    };
    if (missing === 0) return resolve(answers);
    const written = new GatheredText(node);
    for (const [index, text] of texts.entries()) {
      const command = new SentCommand(text, (given) => answer(index, given));
      node.sendCommand(command as unknown as Command, written as unknown as WriteStream);
    }
    written.flush();
  });
}

/** What ioredis writes commands to: their texts go out as one, and those that it sends later, as they come. */
class GatheredText {
  readonly #node: Redis;
  #text: string | undefined = "";

  constructor(node: Redis) {
    this.#node = node;
  }

  write(text: string): void {
    if (this.#text === undefined) this.#node.stream.write(text);
    else this.#text += text;
  }

  flush(): void {
    const text = this.#text;
    this.#text = undefined;
    if (text !== undefined && text !== "") this.#node.stream.write(text);
  }
}

/**
 * A command as far as ioredis looks at one that is on its way: its text is written already, and its reply is handed on
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
  readonly #text: string;
  readonly #answered: (answer: Answer) => void;

  constructor(text: string, answered: (answer: Answer) => void) {
    this.#text = text;
    this.#answered = answered;
  }

  toWritable(): string {
    return this.#text;
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
