import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { randomUUID } from "node:crypto";
import { connectRedis, loadSettings, silentLogger, waitUntilReady } from "@lastknown/shared";
import { Redis } from "ioredis";
import type { CommandWords } from "./command-words.js";
import { ScriptCalls, scriptOf, type Script, type ScriptCall } from "./script-calls.js";

/** The key, then what it is given, as bytes would tell it: the reply is an array of texts. */
const ECHO = scriptOf("return {KEYS[1], ARGV[1], ARGV[2]}");
const SLOW = scriptOf("local n = 0 while n < tonumber(ARGV[1]) do n = n + 1 end return n");
const settings = loadSettings().redis;
const cluster = connectRedis(settings, silentLogger);
const tag = `{script-calls-${randomUUID()}}`;
const KEY = `${tag}:key`;

function callOf(script: Script, values: readonly string[]): ScriptCall {
  const write = (words: CommandWords): void => [KEY, ...values].forEach((word) => words.text(word));
  return { script, keyCount: 1, valueCount: values.length, write };
}

function echoOf(...values: string[]): ScriptCall {
  return callOf(ECHO, values);
}

/** A client of its own of the node that has our keys. */
async function clientOf(options: { lazyConnect?: boolean; retryStrategy?: () => null } = {}): Promise<Redis> {
  const slot = Number(await cluster.cluster("KEYSLOT", tag));
  const [host = "", port = ""] = cluster.slots[slot]?.[0]?.split(":") ?? [];
  return new Redis({ host, port: Number(port), protocol: 2, disableClientInfo: true, ...options });
}

beforeAll(async () => {
  await waitUntilReady(cluster, settings);
});
afterAll(() => {
  cluster.disconnect();
});

test("gives each call its own reply, in their order, between other commands of the client", async () => {
  const client = await clientOf();
  const texts = ["plain", "", "ünïcode 😀", "line\r\nbreak", "x".repeat(100_000), "é".repeat(100_000)];
  const calls = texts.map((text, index) => echoOf(text, String(index)));
  const before = client.ping("before");
  const answers = new ScriptCalls().send(client, calls, undefined);
  const after = client.ping("after");
  expect((await answers).map(({ reply }) => (reply as Buffer[]).map(String))).toEqual(
    texts.map((text, index) => [KEY, text, String(index)]),
  );
  expect(await Promise.all([before, after])).toEqual(["before", "after"]);
  client.disconnect();
});

test("tells the errors of some calls beside the replies of the others", async () => {
  const client = await clientOf();
  const failing = callOf(scriptOf("return redis.error_reply('ERR not this one')"), []);
  const answers = await new ScriptCalls().send(client, [echoOf("a", "b"), failing, echoOf("c", "d")], 1);
  expect(answers.map(({ error }) => error?.message)).toEqual([
    undefined,
    "ERR not this one",
    undefined,
    undefined,
  ]);
  expect(typeof answers[3]?.reply).toBe("number");
  client.disconnect();
});

test("sends a script whole again where the node has forgotten it", async () => {
  const client = await clientOf();
  const calls = new ScriptCalls();
  const errorsOf = async (): Promise<unknown[]> =>
    (await calls.send(client, [echoOf("a", "b"), echoOf("c", "d")], undefined)).map(
      ({ error }) => error?.name,
    );
  expect(await errorsOf()).toEqual([undefined, undefined]);
  await client.script("FLUSH");
  expect(await errorsOf()).toEqual(["ReplyError", "ReplyError"]);
  expect(await errorsOf()).toEqual([undefined, undefined]);
  client.disconnect();
});

test("sends over a client that is not connected yet", async () => {
  const client = await clientOf({ lazyConnect: true });
  const answers = await new ScriptCalls().send(client, [echoOf("a", "b"), echoOf("c", "d")], undefined);
  expect(answers.map(({ reply }) => String((reply as Buffer[])[1]))).toEqual(["a", "c"]);
  client.disconnect();
});

test("answers each call with an error where the connection breaks meanwhile", async () => {
  const client = await clientOf({ retryStrategy: () => null });
  client.on("error", () => undefined);
  const slow: ScriptCall = callOf(SLOW, ["20000000"]);
  const answers = new ScriptCalls().send(client, [slow, slow, slow], undefined);
  setImmediate(() => client.stream.destroy());
  expect((await answers).map(({ error }) => error !== undefined)).toEqual([true, true, true]);
  // An end, too, is an error of each.
  const late = await new ScriptCalls().send(client, [echoOf("a", "b")], undefined);
  expect(late.map(({ error }) => error !== undefined)).toEqual([true]);
});

describe("a server that takes everything and answers nothing", () => {
  const sockets = new Set<Socket>();
  let server: Server;

  beforeAll(async () => {
    server = createServer((socket) => sockets.add(socket.resume()));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test("is left after the socket's time", async () => {
    const { port } = server.address() as AddressInfo;
    const client = new Redis({
      host: "127.0.0.1",
      port,
      protocol: 2,
      disableClientInfo: true,
      enableReadyCheck: false,
      socketTimeout: 200,
      retryStrategy: () => null,
    });
    client.on("error", () => undefined);
    await new Promise((resolve) => client.once("ready", resolve));
    const answers = await new ScriptCalls().send(client, [echoOf("a", "b"), echoOf("c", "d")], undefined);
    expect(answers.map(({ error }) => error !== undefined)).toEqual([true, true]);
  });
});

test("answers nothing where there is nothing to send", async () => {
  const client = await clientOf();
  expect(await new ScriptCalls().send(client, [], undefined)).toEqual([]);
  client.disconnect();
});
