import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, it, jest, test } from "@jest/globals";
import kafkajs from "kafkajs";
import { openSocket } from "./create-kafka.js";
import {
  KAFKAJS_VERSION,
  loadKafkajsInternals,
  type ClosableConnection,
  type CoordinatorFinder,
  type JoiningGroup,
} from "./kafkajs-internals.js";
import { repairKafkajs } from "./kafkajs-repairs.js";
import { silentLogger } from "../logging/index.js";
import { gzipSync } from "node:zlib";
import { inflateGzip } from "./gzip.js";

test("is held to the version of kafkajs whose inside is known", () => {
  const { version } = createRequire(import.meta.url)("kafkajs/package.json") as { version: string };
  expect(version).toBe(KAFKAJS_VERSION);
  expect(() => loadKafkajsInternals()).not.toThrow();
});

interface QueueUnderTest {
  push(request: object): void;
  fulfillRequest(answer: object): void;
  destroy(): void;
  throttleCheckTimeoutId: unknown;
}

function queueWithOneAnswered(maxInFlightRequests: number): QueueUnderTest {
  const internals = loadKafkajsInternals();
  repairKafkajs(internals);
  repairKafkajs(internals);
  const Queue = internals.RequestQueue as unknown as new (options: object) => QueueUnderTest;
  const options = { maxInFlightRequests, requestTimeout: 1000, enforceRequestTimeout: false };
  const queue = new Queue({ ...options, clientId: "test", broker: "test:1", logger: silentLogger });
  const entry = (correlationId: number): object => ({
    correlationId,
    resolve: () => undefined,
    reject: () => undefined,
  });
  for (const correlationId of [1, 2]) {
    queue.push({ entry: entry(correlationId), expectResponse: true, sendRequest: () => undefined });
  }
  return queue;
}

test("plans no look at an empty queue, which kafkajs repeats each millisecond for ever", () => {
  const queue = queueWithOneAnswered(2);
  queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
  queue.fulfillRequest({ correlationId: 2, payload: Buffer.alloc(0), size: 0 });
  expect(queue.throttleCheckTimeoutId).toBeNull();
  queue.destroy();
});

test("still plans a look while a request waits", () => {
  const queue = queueWithOneAnswered(1);
  expect(queue.throttleCheckTimeoutId).not.toBeNull();
  queue.destroy();
});

test("tells why no broker knows a group's coordinator, of which kafkajs says nothing", async () => {
  const internals = loadKafkajsInternals();
  repairKafkajs(internals);
  const why = new Error("no answer");
  const cluster = Object.create(internals.Cluster.prototype) as object;
  const asked = Object.assign(cluster, {
    brokerPool: {
      withBroker: async () => await Promise.resolve(null),
      findConnectedBroker: async () =>
        await Promise.resolve({ findGroupCoordinator: () => Promise.reject(why) }),
    },
  }) as unknown as CoordinatorFinder;
  const request = { groupId: "group", coordinatorType: 0 };
  await expect(asked.findGroupCoordinatorMetadata(request)).rejects.toBe(why);
});

describe("a connection that leaves a request unanswered", () => {
  const REQUEST_TIMEOUT_MS = 200;
  const logger = { namespace: () => silentLogger };
  const Encoder = createRequire(import.meta.url)("kafkajs/src/protocol/encoder.js") as new () => object;
  const endings: (() => void)[] = [];
  afterEach(() => {
    for (const end of endings.splice(0)) end();
  });

  interface OpenedConnection extends ClosableConnection {
    connect(): Promise<void>;
  }

  /** To a server that answers the first socket with these bytes alone, and later ones as it should. */
  async function connectionTo(firstAnswer: Buffer): Promise<OpenedConnection> {
    let sockets = 0;
    const server = createServer((socket) => {
      const isFirst = sockets++ === 0;
      endings.push(() => socket.destroy());
      socket.on("error", () => undefined);
      socket.on("data", (request) => void socket.write(isFirst ? firstAnswer : answerTo(request)));
    });
    endings.push(() => server.close());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const internals = loadKafkajsInternals();
    repairKafkajs(internals);
    const Connection = internals.Connection as unknown as new (options: object) => OpenedConnection;
    const { port } = server.address() as AddressInfo;
    return new Connection({
      host: "127.0.0.1",
      port,
      logger,
      socketFactory: openSocket,
      connectionTimeout: 1000,
      requestTimeout: REQUEST_TIMEOUT_MS,
      enforceRequestTimeout: true,
    });
  }

  /** Only its size and its correlation id, which stands behind size, key and version of the request. */
  function answerTo(request: Buffer): Buffer {
    return Buffer.concat([Buffer.from([0, 0, 0, 4]), request.subarray(8, 12)]);
  }

  function call(requestTimeout: number): Parameters<OpenedConnection["send"]>[0] {
    const encode = async (): Promise<object> => await Promise.resolve(new Encoder());
    const response = {
      decode: async (payload: Buffer) => await Promise.resolve({ clientSideThrottleTime: 0, payload }),
      parse: async () => await Promise.resolve("answered"),
    };
    return { request: { apiKey: 12, apiVersion: 0, apiName: "Heartbeat", encode }, response, requestTimeout };
  }

  it.each([
    ["no answer at all", Buffer.alloc(0)],
    ["half an answer", Buffer.from([0, 0])],
  ])(
    "is closed with all that is under way, and can be opened anew: %s",
    async (_case, firstAnswer) => {
      const connection = await connectionTo(firstAnswer);
      await connection.connect();
      const calls = [connection.send(call(60_000)), connection.send(call(REQUEST_TIMEOUT_MS))];
      for (const outcome of await Promise.allSettled(calls))
        expect(outcome).toMatchObject({ reason: { name: "KafkaJSRequestTimeoutError" } });
      expect(connection.isConnected()).toBe(false);
      await connection.connect();
      await expect(connection.send(call(REQUEST_TIMEOUT_MS))).resolves.toBe("answered");
      await connection.disconnect();
    },
    30_000,
  );
});

test("takes a broker whose greeting others wait for as one that may be tried again", async () => {
  const { Broker, ...others } = loadKafkajsInternals();
  repairKafkajs({ Broker, ...others });
  const { KafkaJSLockTimeout } = kafkajs as unknown as { KafkaJSLockTimeout: new (why: string) => Error };
  const connectionPool = { connectionTimeout: 1000, pool: [] };
  const lock = { acquire: () => Promise.reject(new KafkaJSLockTimeout("not my turn")) };
  const broker = Object.assign(Object.create(Broker.prototype) as typeof Broker.prototype, {
    lock,
    connectionPool,
  });
  await expect(broker.connect()).rejects.toMatchObject({ name: "KafkaJSLockTimeout", retriable: true });
});

test("lets a member's heartbeats be while it joins", async () => {
  const { ConsumerGroup, ...others } = loadKafkajsInternals();
  repairKafkajs({ ConsumerGroup, ...others });
  const Group = ConsumerGroup as unknown as new (options: object) => JoiningGroup;
  const group = new Group({ logger: { namespace: () => silentLogger }, retry: {} });
  Object.assign(group, { retrier: () => new Promise(() => undefined) });
  void group.joinAndSync();
  await expect(group.heartbeat({ interval: 0 })).resolves.toBeUndefined();
});

test("inflates up to a limit only", () => {
  const bomb = gzipSync(Buffer.alloc(2_000_000));
  expect(inflateGzip(bomb, 2_000_000)).toHaveLength(2_000_000);
  expect(() => inflateGzip(bomb, 1_999_999)).toThrow(/larger than 1999999/);
});

describe("a wall clock that is set", () => {
  const HOUR_MS = 3_600_000;
  const internals = loadKafkajsInternals();
  repairKafkajs(internals);
  const { ConsumerGroup, SocketRequest } = internals;

  afterEach(() => {
    jest.restoreAllMocks();
  });

  const setClock = (aheadByMs: number): void => {
    const realMs = Date.now.bind(Date);
    jest.spyOn(Date, "now").mockImplementation(() => realMs() + aheadByMs);
  };

  it.each([-HOUR_MS, HOUR_MS])("holds up no heartbeat and hurries none: %d ms", async (aheadByMs) => {
    const sent: object[] = [];
    const Group = ConsumerGroup as unknown as new (options: object) => Record<string, unknown> & {
      heartbeat(options: { interval: number }): Promise<void>;
    };
    const group = new Group({ logger: { namespace: () => silentLogger }, retry: {} });
    group["memberId"] = "member";
    group["coordinator"] = { heartbeat: async (request: object) => void sent.push(request) };
    group["instrumentationEmitter"] = { emit: () => undefined };
    setClock(aheadByMs);
    await group.heartbeat({ interval: 10_000 });
    expect(sent).toHaveLength(0);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await group.heartbeat({ interval: 20 });
    expect(sent).toHaveLength(1);
  });

  it.each([-HOUR_MS, HOUR_MS])("changes no request's age: %d ms", async (aheadByMs) => {
    const Request = SocketRequest as unknown as new (options: object) => { sentAt: number; send(): void };
    const request = new Request({ entry: { correlationId: 1 }, send: () => undefined });
    expect(request.sentAt).toBeNull();
    request.send();
    setClock(aheadByMs);
    const ageMs = Date.now() - request.sentAt;
    // The clock may tick between the two looks at it.
    expect(ageMs).toBeGreaterThanOrEqual(-1);
    expect(ageMs).toBeLessThan(HOUR_MS / 2);
  });
});
