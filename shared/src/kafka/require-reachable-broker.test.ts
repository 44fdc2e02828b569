import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import type { KafkaSettings } from "../settings/kafka-settings.js";
import { KafkaUnavailableError } from "./errors.js";
import { requireReachableBroker } from "./require-reachable-broker.js";

function settingsFor(brokers: string[]): KafkaSettings {
  return {
    brokers,
    clientId: "t",
    connectTimeoutMs: 500,
    requestTimeoutMs: 1000,
    tls: undefined,
    sasl: undefined,
  };
}

async function listening(): Promise<{ address: string; close: () => Promise<void> }> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return { address: `127.0.0.1:${port}`, close };
}

test("one broker that takes connections is enough", async () => {
  const broker = await listening();
  const gone = await listening();
  await gone.close();
  await requireReachableBroker(settingsFor([gone.address, broker.address]));
  await broker.close();
});

test("brokers that refuse are named within seconds", async () => {
  const gone = await listening();
  await gone.close();
  const startedAt = performance.now();
  const error: unknown = await requireReachableBroker(settingsFor([gone.address])).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(KafkaUnavailableError);
  expect((error as Error).message).toContain(gone.address);
  expect(performance.now() - startedAt).toBeLessThan(8000);
});
