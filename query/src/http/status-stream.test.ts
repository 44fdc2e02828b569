import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { silentLogger } from "@lastknown/shared";
import type { Answers } from "../answers/answers.js";
import { Problem } from "../answers/problem.js";
import { until } from "../memory-service-for-test.js";
import type { StatusBoard } from "../status/status-board.js";
import { boardForTest } from "../status/board-for-test.js";
import { snapshotForTest } from "../status/snapshot-for-test.js";
import type { StatusSnapshot } from "../status/status-snapshot.js";
import { createHttpServer, type HttpServerOptions } from "./http-server.js";
import type { RouteServer } from "./route-server.js";
import { StatusStreams } from "./status-stream.js";

const LARGE_BYTES = 32 * 1024 * 1024;
/** On a busy machine. A listener that is not cut off holds up the end for ever. */
const CLOSE_MS_ALLOWED = 20_000;

/** A board whose snapshots a test makes. */
class ScriptedBoard {
  readonly watchers = new Set<(snapshot: StatusSnapshot) => void>();
  history = () => ({ at: [1] }) as unknown as ReturnType<StatusStreamsBoard["history"]>;
  readonly watch = (watcher: (snapshot: StatusSnapshot) => void): (() => void) => {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  };

  tell(snapshot: StatusSnapshot = snapshotForTest()): void {
    for (const watcher of this.watchers) watcher(snapshot);
  }
}
type StatusStreamsBoard = ConstructorParameters<typeof StatusStreams>[0]["board"];

describe("the streams of snapshots", () => {
  const board = new ScriptedBoard();

  test("give history and snapshots as server-sent events, the same to all", () => {
    const streams = new StatusStreams({ board });
    const [first, second] = [streams.listen(), streams.listen()];
    board.tell();
    const [read, other] = [String(first.read()), String(second.read())];
    expect(read).toBe(other);
    expect(read.split("\n\n")).toEqual([
      "retry: 2000",
      'event: history\ndata: {"at":[1]}',
      `event: snapshot\ndata: ${JSON.stringify(snapshotForTest())}`,
      "",
    ]);
    expect(board.watchers.size).toBe(1);
    streams.close();
  });

  test("refuse who comes beyond the bound, until one has gone", async () => {
    const streams = new StatusStreams({ board, listenersMax: 2 });
    const first = streams.listen();
    streams.listen();
    expect(() => streams.listen()).toThrow(Problem);
    first.destroy();
    await once(first, "close");
    expect(streams.listen()).toBeDefined();
    streams.close();
  });

  test("drop who does not take what comes, and nobody else", async () => {
    const streams = new StatusStreams({ board, backlogBytesMax: 10_000 });
    const [slow, quick] = [streams.listen(), streams.listen()];
    const closed = once(slow, "close");
    quick.on("data", () => undefined);
    for (let told = 0; told < 100; told++) {
      board.tell();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await closed;
    expect([slow.destroyed, quick.destroyed, streams.listeners]).toEqual([true, false, 1]);
    expect(slow.readableLength).toBeLessThanOrEqual(10_000);
    streams.close();
  });

  test("end at once when they are closed, but for who has taken all: that one gets the end", async () => {
    const streams = new StatusStreams({ board });
    const [slow, quick] = [streams.listen(), streams.listen()];
    quick.on("data", () => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    const ended = once(quick, "end");
    streams.close();
    expect([slow.destroyed, quick.destroyed]).toEqual([true, false]);
    await ended;
    expect(() => streams.listen()).toThrow(Problem);
  });

  test("end after their time, say that another may be opened, and keep no place meanwhile", async () => {
    const streams = new StatusStreams({ board, lifeMsMax: 50, listenersMax: 2 });
    const startedMs = performance.now();
    const [unread, quick] = [streams.listen(), streams.listen()];
    let read = "";
    quick.on("data", (bytes) => (read += String(bytes)));
    await Promise.all([once(quick, "end"), once(unread, "close")]);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(39);
    expect(read).toMatch(/\n\nretry: 100\n\nevent: again\ndata: \{\}\n\n$/);
    expect([streams.listeners, board.watchers.size]).toEqual([0, 0]);
    streams.close();
  });

  test("watch the board only while somebody listens", async () => {
    const streams = new StatusStreams({ board });
    expect(board.watchers.size).toBe(0);
    const listener = streams.listen();
    expect(board.watchers.size).toBe(1);
    listener.destroy();
    await once(listener, "close");
    expect(board.watchers.size).toBe(0);
  });

  test("say now and then that they are still there", async () => {
    const streams = new StatusStreams({ board, heartbeatMs: 5 });
    const listener = streams.listen();
    let read = "";
    listener.on("data", (bytes) => (read += String(bytes)));
    await until(
      async () => read,
      (text) => text.includes("\n\n: still here\n\n"),
    );
    streams.close();
  });
});

describe("/status and its stream over HTTP", () => {
  let server: RouteServer;
  const start = async (
    status = boardForTest(),
    streams: NonNullable<HttpServerOptions["streams"]> = {},
  ): Promise<number> => {
    server = await createHttpServer({
      answers: {} as Answers,
      health: () => Promise.reject(new Error("not asked")),
      status,
      observer: { answered: () => undefined },
      logger: silentLogger,
      streams,
    });
    await server.listen({ host: "127.0.0.1", port: 0 });
    return (server.server.address() as AddressInfo).port;
  };
  const opened = async (port: number): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      get({ host: "127.0.0.1", port, path: "/status/stream", agent: false }, resolve).on("error", reject);
    });

  afterEach(() => server.close());

  test("tell the snapshot, which no cache keeps", async () => {
    const port = await start();
    const answer = await fetch(`http://127.0.0.1:${port}/status`);
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(answer.headers.get("x-data-source")).toBe("none");
    expect(await answer.json()).toEqual(snapshotForTest());
    expect((await fetch(`http://127.0.0.1:${port}/status?user=a`)).status).toBe(400);
  });

  test("tell with a problem that there is no snapshot of now", async () => {
    const port = await start(boardForTest(() => Promise.reject(new Error("a bug"))));
    const answer = await fetch(`http://127.0.0.1:${port}/status`);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(await answer.json()).toMatchObject({ type: "urn:lastknown:problem:status-not-known" });
  });

  test("begin at once, as events, and end when the service stops", async () => {
    const stream = await opened(await start());
    expect(stream.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-data-source": "none",
    });
    expect(String((await once(stream, "data"))[0])).toMatch(/^retry: 2000\n\nevent: history\ndata: \{/);
    const ended = once(stream, "end");
    stream.resume();
    await server.close();
    await ended;
  });

  test("refuse the 51st with a problem, and take one again when another has left", async () => {
    const port = await start();
    const streams = await Promise.all(Array.from({ length: 50 }, () => opened(port)));
    const refused = await fetch(`http://127.0.0.1:${port}/status/stream`);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await refused.json()).toMatchObject({ type: "urn:lastknown:problem:too-many-listeners" });
    streams[0]?.destroy();
    const last = await until(
      () => opened(port),
      ({ statusCode }) => statusCode === 200,
    );
    for (const stream of [...streams, last]) stream.destroy();
  });

  test("are open to the next once those that nobody reads have lasted long enough", async () => {
    const board = new ScriptedBoard();
    // More than the answer itself holds back, less than the sockets take: so nothing shows that nobody reads.
    const small = "x".repeat(64 * 1024);
    board.history = () => ({ at: [small] }) as unknown as ReturnType<StatusStreamsBoard["history"]>;
    const bounds = { listenersMax: 2, lifeMsMax: 1000 };
    const port = await start(board as unknown as StatusBoard, bounds);
    const sockets = [0, 1].map(() => connect({ host: "127.0.0.1", port }));
    const closed = Promise.all(sockets.map((socket) => once(socket, "close")));
    for (const socket of sockets) {
      socket.pause();
      socket.write("GET /status/stream HTTP/1.1\r\nhost: a\r\n\r\n");
    }
    await until(
      () => opened(port),
      ({ statusCode }) => statusCode === 503,
    );
    const next = await until(
      () => opened(port),
      ({ statusCode }) => statusCode === 200,
    );
    next.destroy();
    for (const socket of sockets) socket.resume();
    await closed;
  });

  test("take no place for who asks for the head alone", async () => {
    const port = await start();
    for (let asked = 0; asked < 60; asked++) {
      const answer = await fetch(`http://127.0.0.1:${port}/status/stream`, { method: "HEAD" });
      expect(answer.status).toBe(200);
    }
    const stream = await opened(port);
    expect(stream.statusCode).toBe(200);
    stream.destroy();
  });

  test.each([
    ["of the first that it is sent", 0],
    ["of what comes later", 1],
  ])("do not hold up the end for a listener that reads nothing %s", async (_what, snapshots) => {
    const board = new ScriptedBoard();
    // More than the sockets of both sides take.
    const large = "x".repeat(LARGE_BYTES);
    board.history = () => ({ at: [large] }) as unknown as ReturnType<StatusStreamsBoard["history"]>;
    const socket = connect({ host: "127.0.0.1", port: await start(board as unknown as StatusBoard) });
    socket.on("error", () => undefined);
    socket.write("GET /status/stream HTTP/1.1\r\nhost: a\r\n\r\n");
    await once(socket, "readable");
    for (let told = 0; told < snapshots; told++) board.tell();
    const startedMs = performance.now();
    await server.close();
    expect(performance.now() - startedMs).toBeLessThan(CLOSE_MS_ALLOWED);
    socket.destroy();
  });
});
