import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { silentLogger } from "../logging/index.js";
import { loadSettings, type KafkaSettings } from "../settings/index.js";
import { KafkaAdmin } from "./kafka-admin.js";
import { faultOf } from "./kafka-fault.js";
import { KafkaLogReader } from "./kafka-log-reader.js";
import { unfitSettingOf } from "./unfit-connection.js";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** Settings for a server that answers the first bytes with others, and closes. */
async function settingsFor(answer: Buffer): Promise<KafkaSettings> {
  const server = createServer((socket) => socket.once("data", () => socket.end(answer)));
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return loadSettings({ environment: { LASTKNOWN_KAFKA_BROKERS: `127.0.0.1:${port}` } }).kafka;
}

/** What Kafka's TLS listener answers to a request without TLS: alert, fatal, internal error. */
const TLS_ALERT = Buffer.from("15030300020250", "hex");

test("a broker that answers in TLS ends the calls of reader and administration at once", async () => {
  const settings = await settingsFor(TLS_ALERT);
  const reader = new KafkaLogReader({ settings, logger: silentLogger });
  const admin = new KafkaAdmin({ settings, logger: silentLogger });
  const told = `Kafka at ${settings.brokers.join(",")} takes no connection without TLS; set LASTKNOWN_KAFKA_TLS=on`;
  const startedMs = performance.now();
  await expect(reader.ends("any")).rejects.toThrow(told);
  await expect(admin.brokerCount()).rejects.toThrow(told);
  // By its own retries kafkajs alone takes six seconds.
  expect(performance.now() - startedMs).toBeLessThan(4_000);
  await Promise.all([reader.close(), admin.close()]);
});

test("one that takes connections and never answers is given up soon, so that another can be asked", async () => {
  const server = createServer((socket) => socket.on("error", () => undefined).resume());
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { kafka } = loadSettings({ environment: { LASTKNOWN_KAFKA_BROKERS: `127.0.0.1:${port}` } });
  const settings = { ...kafka, connectTimeoutMs: 200, requestTimeoutMs: 120_000 };
  const reader = new KafkaLogReader({ settings, logger: silentLogger, callDeadlineMs: 300 });
  await expect(reader.ends("any")).rejects.toMatchObject({ name: "KafkaUnavailableError" });
  await reader.close();
}, 30_000);

test("one that only closes its connections is waited for", async () => {
  const settings = await settingsFor(Buffer.alloc(0));
  const reader = new KafkaLogReader({ settings, logger: silentLogger, callDeadlineMs: 300 });
  await expect(reader.ends("any")).rejects.toMatchObject({ name: "KafkaUnavailableError" });
  await reader.close();
});

test.each([
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "kafka-tls-ca", "refused"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "kafka-tls-ca", "refused"],
  ["ECONNREFUSED", undefined, "unreachable"],
])("a connection that failed with %s tells of %s: %s", (code, setting, fault) => {
  const error = Object.assign(new Error("Connection error"), { name: "KafkaJSConnectionError", code });
  expect([unfitSettingOf(error), faultOf(error)]).toEqual([setting, fault]);
});
