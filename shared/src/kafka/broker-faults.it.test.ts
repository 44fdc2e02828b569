import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { ISocketFactoryArgs } from "kafkajs";
import { silentLogger } from "../logging/index.js";
import { openSocket } from "./create-kafka.js";
import { KafkaAppender } from "./kafka-appender.js";
import { KafkaLogReader } from "./kafka-log-reader.js";
import { readAll, record } from "./log.contract.js";
import { TestTopics, testKafkaSettings } from "./test-broker.js";

/** The way to the broker, which a test can cut, close or freeze. */
class Network {
  readonly sockets = new Set<Socket>();
  state: "working" | "closed" | "frozen" = "working";

  readonly open = (options: ISocketFactoryArgs): Socket => {
    // Nothing listens on port 1.
    const socket =
      this.state === "closed"
        ? connect({ host: "127.0.0.1", port: 1 }, options.onConnect)
        : openSocket(options);
    this.sockets.add(socket);
    socket.once("close", () => this.sockets.delete(socket));
    if (this.state === "frozen") silence(socket);
    return socket;
  };

  cut(): void {
    for (const socket of this.sockets) socket.destroy(new Error("cut by the test"));
  }

  freeze(): void {
    this.state = "frozen";
    for (const socket of this.sockets) silence(socket);
  }
}

/** As a stopped process: connections open and take bytes, but no answer comes. */
function silence(socket: Socket): void {
  socket.on = ((event: string, listener: () => void) =>
    event === "data" ? socket : socket.addListener(event, listener)) as Socket["on"];
  socket.removeAllListeners("data");
}

const READ = { bytesMax: 1000, waitMs: 100 };
let topics: TestTopics;
let network: Network;
let reader: KafkaLogReader;
let appender: KafkaAppender;
let topic: string;
beforeEach(async () => {
  topics = new TestTopics();
  topic = await topics.create(1);
  network = new Network();
  const options = {
    settings: testKafkaSettings({ connectTimeoutMs: 500, requestTimeoutMs: 1000 }),
    logger: silentLogger,
    callDeadlineMs: 3000,
    openSocket: network.open,
  };
  reader = new KafkaLogReader(options);
  appender = new KafkaAppender(options);
  const before = new KafkaAppender({ settings: testKafkaSettings(), logger: silentLogger });
  await before.append(topic, [record(0, "a", "1")]);
  await before.close();
});
afterEach(async () => {
  await appender.close();
  await reader.close();
  await topics.removeAll();
});

async function readOne(): Promise<string> {
  return String((await reader.read(topic, 0, 0, READ)).records[0]?.value);
}

test("reads on after its connections were cut", async () => {
  expect(await readOne()).toBe("1");
  network.cut();
  expect(await readOne()).toBe("1");
  const waiting = reader.read(topic, 0, 1, { ...READ, waitMs: 1500 });
  await sleep(200);
  network.cut();
  expect(await waiting).toMatchObject({ records: [], nextOffset: 1 });
});

test("waits for a broker that is away, within the bound of a call", async () => {
  expect(await readOne()).toBe("1");
  network.state = "closed";
  network.cut();
  const reading = readOne();
  await sleep(600);
  network.state = "working";
  expect(await reading).toBe("1");
});

test("gives up on a broker that stays away, and names it", async () => {
  network.state = "closed";
  const begun = performance.now();
  await expect(readOne()).rejects.toMatchObject({
    name: "KafkaUnavailableError",
    brokers: testKafkaSettings().brokers,
  });
  expect(performance.now() - begun).toBeLessThan(8000);
}, 10_000);

test("is not held for ever by a broker that hangs, and works again after it", async () => {
  expect(await readOne()).toBe("1");
  network.freeze();
  const begun = performance.now();
  await expect(readOne()).rejects.toMatchObject({ name: "KafkaUnavailableError" });
  expect(performance.now() - begun).toBeLessThan(8000);
  network.state = "working";
  expect(await readOne()).toBe("1");
}, 15_000);

test("ends a waiting read and leaves no connection open when it is closed", async () => {
  expect(await readOne()).toBe("1");
  const waiting = reader.read(topic, 0, 1, { ...READ, waitMs: 10_000 });
  await sleep(100);
  expect(network.sockets.size).toBeGreaterThan(0);
  const ended = expect(waiting).rejects.toMatchObject({ name: "KafkaUnavailableError" });
  await reader.close();
  await ended;
  expect(network.sockets.size).toBe(0);
  await expect(readOne()).rejects.toMatchObject({ name: "KafkaUnavailableError" });
});

test("appends again after its connections were cut, in the order of the calls", async () => {
  await appender.append(topic, [record(0, "a", "2")]);
  network.cut();
  await appender.append(topic, [record(0, "a", "3")]);
  const underWay = ["4", "5", "6"].map((value) => appender.append(topic, [record(0, "a", value)]));
  setImmediate(() => network.cut());
  await Promise.all(underWay);
  const values = (await readAll({ reader, topic }, 0)).map(({ value }) => String(value));
  // What was under way may stand twice, one after the other.
  expect(values.filter((value, index) => value !== values[index - 1])).toEqual([
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
  ]);
});

test("does not hang an append on a broker that hangs, and appends again after it", async () => {
  await appender.append(topic, [record(0, "a", "2")]);
  network.freeze();
  const begun = performance.now();
  await expect(appender.append(topic, [record(0, "a", "3")])).rejects.toMatchObject({
    name: "KafkaUnavailableError",
  });
  expect(performance.now() - begun).toBeLessThan(8000);
  network.state = "working";
  await appender.append(topic, [record(0, "a", "4")]);
  expect((await readAll({ reader, topic }, 0)).at(-1)?.value?.toString()).toBe("4");
  await appender.close();
  await reader.close();
  expect(network.sockets.size).toBe(0);
}, 15_000);
