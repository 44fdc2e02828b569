import { createServer, Socket, type AddressInfo } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { expect, jest, test } from "@jest/globals";
import { silentLogger, type Logger } from "../logging/index.js";
import { loadSettings, Secret } from "../settings/index.js";
import { createKafka, openSocket, saslOptions, sslOptions } from "./create-kafka.js";

/** kafkajs passes on what its config said, whatever its types promise. */
const noTls = false as unknown as ConnectionOptions;

test("opens sockets that send small requests at once", async () => {
  const server = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const setNoDelay = jest.spyOn(Socket.prototype, "setNoDelay");
  await new Promise<void>((resolve) => {
    const socket = openSocket({ host: "127.0.0.1", port, ssl: noTls, onConnect: () => undefined });
    socket.once("connect", () => socket.destroy());
    socket.once("close", () => resolve());
  });
  expect(setNoDelay).toHaveBeenCalledWith(true);
  server.close();
});

test("logs in and encrypts only where the settings say so", () => {
  const sasl = { mechanism: "scram-sha-512", username: "worker", password: new Secret("hush") } as const;
  expect(saslOptions(sasl)).toEqual({ mechanism: "scram-sha-512", username: "worker", password: "hush" });
  expect(saslOptions(undefined)).toBeUndefined();
  expect(sslOptions(undefined)).toBe(false);
  expect(sslOptions({ ca: "CA", cert: "CERT", key: new Secret("KEY") })).toEqual({
    ca: "CA",
    cert: "CERT",
    key: "KEY",
  });
  // TLS with the system's authorities has no options, which must not read as no TLS.
  expect(sslOptions({})).toEqual({});
});

test("passes the client's faults on as warnings, without its password", async () => {
  const lines: string[] = [];
  const keep = (message: string, fields?: object): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const logger: Logger = { ...silentLogger, warn: keep, child: () => logger };
  const password = new Secret("hush");
  const { kafka } = loadSettings({ environment: {} });
  const sasl = { mechanism: "plain", username: "worker", password } as const;
  const settings = { ...kafka, brokers: ["127.0.0.1:1"], connectTimeoutMs: 100, sasl };
  const admin = createKafka(settings, { logger }).admin({ retry: { retries: 0 } });
  const connecting = admin.connect();
  await expect(connecting).rejects.toThrow();
  expect(lines.some((line) => line.includes("ECONNREFUSED"))).toBe(true);
  expect(lines.join()).not.toContain("hush");
}, 30_000);
