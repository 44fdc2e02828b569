import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { waitUntil } from "../../harness/wait-until.js";
import { FaultProxy, type FaultProxyOptions } from "./fault-proxy.js";

const BOUND = { boundMs: 10_000, everyMs: 5 };

/** A server that keeps what it was sent, and sends it back. */
class EchoServer {
  readonly #server: Server;
  readonly sockets = new Set<Socket>();
  received = "";
  /** Sockets that ended by a reset. */
  resets = 0;
  answers = true;

  constructor() {
    this.#server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on("data", (bytes: Buffer) => {
        this.received += bytes.toString("latin1");
        if (this.answers) socket.write(bytes);
      });
      socket.on("error", () => this.resets++);
      socket.on("close", () => this.sockets.delete(socket));
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await once(this.#server.close(), "close");
  }
}

/** What one client sees. */
class Client {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  errorCode: string | undefined;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.on("data", (bytes: Buffer) => (this.received = Buffer.concat([this.received, bytes])));
    this.socket.on("error", (error: NodeJS.ErrnoException) => (this.errorCode = error.code));
  }

  async untilReceived(bytes: number): Promise<void> {
    const ask = async (): Promise<true | undefined> => (this.received.length >= bytes ? true : undefined);
    await waitUntil(ask, { what: `${bytes} bytes`, ...BOUND });
  }

  async untilReset(): Promise<void> {
    const ask = async (): Promise<true | undefined> => (this.errorCode === "ECONNRESET" ? true : undefined);
    await waitUntil(ask, { what: "a reset", ...BOUND });
  }
}

describe("FaultProxy", () => {
  const echo = { server: new EchoServer(), port: 0 };
  let proxy: FaultProxy;
  const clients: Client[] = [];

  const start = async (options: Partial<FaultProxyOptions> = {}): Promise<void> => {
    proxy = await FaultProxy.before({ targetPort: echo.port, seed: 5, ...options });
  };
  const newClient = (): Client => {
    const client = new Client(proxy.port);
    clients.push(client);
    return client;
  };
  const greeted = async (greeting = "hello"): Promise<Client> => {
    const client = newClient();
    client.socket.write(greeting);
    await client.untilReceived(greeting.length);
    return client;
  };
  const serverHas = async (text: string): Promise<void> => {
    const ask = async (): Promise<true | undefined> => (echo.server.received === text ? true : undefined);
    await waitUntil(ask, { what: `the server to have ${text}`, ...BOUND });
  };

  beforeEach(async () => {
    echo.server = new EchoServer();
    echo.port = await echo.server.listen();
  });

  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await proxy.close();
    await echo.server.close();
  });

  it("passes everything on in both directions, and the end of what a client sends", async () => {
    await start();
    const client = newClient();
    const sent = Buffer.alloc(3_000_000, "0123456789");
    client.socket.end(sent);
    await once(client.socket, "close");
    expect(client.received.equals(sent)).toBe(true);
    expect(proxy.counts).toMatchObject({ bytesToServer: 3_000_000, bytesToClient: 3_000_000, resets: 0 });
    expect([proxy.openConnections, client.errorCode]).toEqual([0, undefined]);
  });

  it("delays each direction by itself, keeps the order of bytes, and heals", async () => {
    await start();
    const client = await greeted();
    proxy.delay({ direction: "to-client", latencyMs: 80, jitterMs: 60 });
    const begun = performance.now();
    for (let digit = 0; digit < 10; digit++) {
      client.socket.write(String(digit));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await serverHas("hello0123456789");
    await client.untilReceived(15);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(80);
    expect(client.received.toString()).toBe("hello0123456789");
    expect(proxy.counts.delayed).toBeGreaterThan(0);
    expect(proxy.counts.delayedMsMax).toBeGreaterThanOrEqual(80);

    proxy.heal();
    const { delayed } = proxy.counts;
    client.socket.write("x");
    await client.untilReceived(16);
    expect(proxy.counts.delayed).toBe(delayed);
  });

  it("resets all that is open, at both ends", async () => {
    await start();
    const both = [await greeted(), await greeted()];
    expect(proxy.resetAll()).toBe(2);
    for (const client of both) await client.untilReset();
    const ask = async (): Promise<true | undefined> => (echo.server.resets === 2 ? true : undefined);
    await waitUntil(ask, { what: "two resets at the server", ...BOUND });
    expect(proxy.counts.resets).toBe(2);
    await greeted();
  });

  it("swallows one direction while the connection stays open, and resets it when it heals", async () => {
    await start();
    const client = await greeted();
    proxy.cut({ direction: "to-client" });
    client.socket.write("lost");
    await serverHas("hellolost");
    const ask = async (): Promise<true | undefined> =>
      proxy.counts.swallowedBytesToClient === 4 ? true : undefined;
    await waitUntil(ask, { what: "the answer to be swallowed", ...BOUND });
    expect([client.received.toString(), client.errorCode]).toEqual(["hello", undefined]);
    proxy.heal();
    await client.untilReset();

    const other = await greeted();
    proxy.cut({ direction: "to-server" });
    other.socket.write("never there");
    const swallowed = async (): Promise<true | undefined> =>
      proxy.counts.swallowedBytesToServer === 11 ? true : undefined;
    await waitUntil(swallowed, { what: "the request to be swallowed", ...BOUND });
    expect(echo.server.received).toBe("hellolosthello");
  });

  it("cuts a replica from its master and leaves the clients alone", async () => {
    await start();
    const client = await greeted();
    const replica = await greeted("PING REPLCONF listening-port");
    proxy.cut({ direction: "to-client", traffic: "replication" });
    replica.socket.write("x");
    client.socket.write("!");
    await client.untilReceived(6);
    const ask = async (): Promise<true | undefined> =>
      proxy.counts.swallowedBytesToClient === 1 ? true : undefined;
    await waitUntil(ask, { what: "the replica's byte to be swallowed", ...BOUND });
    expect(proxy.resetAll({ traffic: "replication" })).toBe(1);
    await replica.untilReset();
    expect(client.errorCode).toBeUndefined();
  });

  it("refuses new connections and leaves those that are open", async () => {
    await start();
    const open = await greeted();
    proxy.refuse();
    const refused = newClient();
    await refused.untilReset();
    expect(proxy.counts).toMatchObject({ refused: 1, connections: 1 });
    open.socket.write("!");
    await open.untilReceived(6);
    proxy.heal();
    await greeted();
  });

  it("drops as many answers as it is told, after their requests took effect", async () => {
    await start();
    proxy.dropAnswers({ times: 2, containing: "EVAL" });
    const passed = await greeted();
    for (const request of ["EVAL 1", "EVAL 2"]) {
      const client = newClient();
      client.socket.write(request);
      await client.untilReset();
      expect(client.received.length).toBe(0);
    }
    expect(echo.server.received).toBe("helloEVAL 1EVAL 2");
    expect(proxy.counts).toMatchObject({ swallowedAnswers: 2, swallowedBytesToClient: 12, resets: 2 });
    await greeted("EVAL 3");
    expect(passed.errorCode).toBeUndefined();
  });

  it("counts no answer that never came, and drops another in its place", async () => {
    await start();
    echo.server.answers = false;
    proxy.dropAnswers({ times: 1 });
    const client = newClient();
    client.socket.write("lost");
    await serverHas("lost");
    client.socket.destroy();
    const ask = async (): Promise<true | undefined> => (proxy.openConnections === 0 ? true : undefined);
    await waitUntil(ask, { what: "the connection to end", ...BOUND });
    expect(proxy.counts.swallowedAnswers).toBe(0);
    echo.server.answers = true;
    const next = newClient();
    next.socket.write("dropped");
    await next.untilReset();
    expect(proxy.counts.swallowedAnswers).toBe(1);
  });

  it("drops the answer to one kind of Kafka's requests, and passes those before it", async () => {
    await start({ protocol: "kafka" });
    proxy.dropAnswers({ times: 1, kafkaApiKey: PRODUCE });
    const client = newClient();
    // The echo of a request serves as the answer to it: its correlation id stands where a request has key and version.
    const fetched = request({ apiKey: 1, version: 4, correlationId: 11 });
    client.socket.write(fetched);
    await client.untilReceived(fetched.length);
    const produced = request({ apiKey: PRODUCE, version: 7, correlationId: 7 });
    client.socket.write(Buffer.concat([fetched, produced]));
    // Node tells of a reset that comes together with the last bytes as of an end.
    await once(client.socket, "close");
    expect(client.received.equals(Buffer.concat([fetched, fetched]))).toBe(true);
    expect(proxy.counts.swallowedAnswers).toBe(1);
    expect(proxy.counts.swallowedBytesToClient).toBe(produced.length);
    expect(echo.server.received.length).toBe(2 * fetched.length + produced.length);
  });
});

const PRODUCE = 0;

/** A frame of Kafka's protocol with an empty body of some length. */
function request(head: { apiKey: number; version: number; correlationId: number }): Buffer {
  const frame = Buffer.alloc(4 + 8 + 20);
  frame.writeInt32BE(frame.length - 4, 0);
  frame.writeInt16BE(head.apiKey, 4);
  frame.writeInt16BE(head.version, 6);
  frame.writeInt32BE(head.correlationId, 8);
  return frame;
}
