import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { Cluster } from "ioredis";
import { withDeadline } from "../deadline/index.js";
import { exitCodes } from "../errors/index.js";
import { silentLogger, type LogFields, type Logger } from "../logging/index.js";
import { loadSettings, type RedisSettings } from "../settings/index.js";
import { connectRedis } from "./connect-redis.js";
import { waitUntilReady } from "./wait-until-ready.js";

const settings = loadSettings().redis;
/** Many times what a connection may be silent. */
const ANSWER_BOUND_MS = 15_000;

describe("connectRedis on a real cluster", () => {
  let redis: Cluster;
  let key: string;
  beforeEach(async () => {
    redis = connectRedis(settings, silentLogger);
    await waitUntilReady(redis, settings);
    key = `foundation-${randomUUID()}{0}:user:x`;
  });
  afterEach(async () => {
    await redis.del(key);
    redis.disconnect();
  });

  it("gives HGETALL as an object of strings, alone, in a pipeline and for an absent key", async () => {
    await redis.hset(key, { order: "0a", attributes: '{"a":1}' });
    const hash = { order: "0a", attributes: '{"a":1}' };
    expect(await redis.hgetall(key)).toEqual(hash);
    expect(await redis.pipeline().hgetall(key).hget(key, "order").exec()).toEqual([
      [null, hash],
      [null, "0a"],
    ]);
    expect(await redis.hgetall(`${key}:absent`)).toEqual({});
  });

  it("speaks the second protocol, in which a script's list of lists stays one", async () => {
    for (const node of redis.nodes("master")) expect(await node.call("CLIENT", "INFO")).toMatch(/ resp=2\b/);
    const reply = await redis.eval("return {1, {'a', false}, redis.status_reply('OK')}", 1, key);
    expect(reply).toEqual([1, ["a", null], "OK"]);
  });

  it("R1: makes a call again over a new connection where the old one lost it and is never closed", async () => {
    await Promise.all(redis.nodes("master").map((node) => node.ping()));
    // As on a network that forgot what was established before: nothing arrives, and nobody says so.
    for (const { stream } of redis.nodes("master")) jest.spyOn(stream, "write").mockReturnValue(true);
    const answer = withDeadline(ANSWER_BOUND_MS, redis.set(key, "0a"), () => "no answer");
    expect(await answer).toBe("OK");
  });

  it("waits for no one that is ready already", async () => {
    await expect(waitUntilReady(redis, settings)).resolves.toBeUndefined();
  });
});

/** What was logged, by message. */
function recordingLogger(): { logger: Logger; lines: { message: string; fields: LogFields | undefined }[] } {
  const lines: { message: string; fields: LogFields | undefined }[] = [];
  const warn = (message: string, fields?: LogFields): void => void lines.push({ message, fields });
  return { logger: { ...silentLogger, warn }, lines };
}

function nodesAt(port: number): RedisSettings {
  const flags = {
    "redis-nodes": `127.0.0.1:${port}`,
    "redis-ready-deadline-ms": "600",
    "redis-socket-timeout-ms": "150",
  };
  return loadSettings({ flags, environment: {} }).redis;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("a password for a cluster that needs none", () => {
  it("is taken, and told of by one line of our own log and nothing on the console", async () => {
    const console = jest.spyOn(globalThis.console, "warn").mockImplementation(() => undefined);
    const environment = { ...process.env, LASTKNOWN_REDIS_PASSWORD: "swordfish" };
    const withPassword = loadSettings({ environment }).redis;
    const { logger, lines } = recordingLogger();
    const redis = connectRedis(withPassword, logger);
    const told = async (): Promise<void> => {
      for (let looks = 0; lines.length === 0 && looks < 1000; looks++) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await waitUntilReady(redis, withPassword);
    await Promise.all(redis.nodes().map((node) => node.ping()));
    await told();
    redis.disconnect();
    const message = "redis user needs no password, and one is set";
    expect(lines).toEqual([{ message, fields: { user: "default" } }]);
    expect(console).not.toHaveBeenCalled();
    console.mockRestore();
  });
});

describe("waitUntilReady", () => {
  it("names the setting where TLS is asked of nodes without it", async () => {
    const environment = { ...process.env, LASTKNOWN_REDIS_TLS: "on" };
    const withTls = loadSettings({ environment, flags: { "redis-ready-deadline-ms": "600" } }).redis;
    const redis = connectRedis(withTls, silentLogger);
    await expect(waitUntilReady(redis, withTls)).rejects.toMatchObject({
      name: "RedisUnavailableError",
      fix: expect.stringContaining("LASTKNOWN_REDIS_TLS=off"),
    });
    redis.disconnect();
  });

  it("ends with exit code 4, the nodes, the reason and the fix where nothing listens", async () => {
    const dead = nodesAt(await freePort());
    const { logger, lines } = recordingLogger();
    const redis = connectRedis(dead, logger);
    const waited = waitUntilReady(redis, dead);
    await expect(waited).rejects.toMatchObject({
      name: "RedisUnavailableError",
      exitCode: exitCodes.unreachable,
      fix: expect.stringContaining("LASTKNOWN_REDIS_NODES"),
    });
    await expect(waited).rejects.toThrow(`127.0.0.1:${dead.nodes[0]?.port}`);
    await expect(waited).rejects.toThrow(/ECONNREFUSED/);
    redis.disconnect();
    const nodeErrors = lines.filter(({ message }) => message === "redis node error");
    expect(nodeErrors).toHaveLength(1);
  });

  it("ends in time where a node accepts and stays silent", async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => void sockets.add(socket.on("error", () => socket.destroy())));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const silent = nodesAt((server.address() as AddressInfo).port);
    const redis = connectRedis(silent, silentLogger);
    const startMs = Date.now();
    await expect(waitUntilReady(redis, silent)).rejects.toMatchObject({ exitCode: exitCodes.unreachable });
    expect(Date.now() - startMs).toBeLessThan(2000);
    redis.disconnect();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});
