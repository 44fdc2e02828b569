import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { loadSettings, silentLogger, type Logger, type LogFields, type Settings } from "@lastknown/shared";
import { eventually } from "./eventually.js";
import { startWorker } from "./start-worker.js";

/** Within which it has to be told, and also ended: less than the servers' own time-outs, on a busy machine too. */
const SOON_MS = 8000;

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The port of a server that takes connections and stays silent. */
async function silentPort(): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on("error", () => socket.destroy())));
  await once(server.listen(0, "127.0.0.1"), "listening");
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

function settingsAt(port: number): Settings {
  const flags = {
    "kafka-brokers": `127.0.0.1:${port}`,
    "redis-nodes": `127.0.0.1:${port}`,
    "registry-url": `http://127.0.0.1:${port}`,
    "operations-port": "0",
  };
  return loadSettings({ flags, environment: {} });
}

interface Line {
  readonly message: string;
  readonly fields: LogFields;
}

function recordingLogger(lines: Line[]): Logger {
  const note = (message: string, fields: LogFields = {}): void => void lines.push({ message, fields });
  return { ...silentLogger, info: note, warn: note, child: () => recordingLogger(lines) };
}

describe.each([
  ["refuse", deadPort],
  ["take connections and stay silent", silentPort],
])("a worker whose servers %s", (_case, portOf) => {
  test("answers probes and scrapes, soon tells whom it waits for, and ends as soon as it is asked to", async () => {
    const lines: Line[] = [];
    const ending = new AbortController();
    const startedMs = performance.now();
    const logger = recordingLogger(lines);
    const started = startWorker(settingsAt(await portOf()), { logger, signal: ending.signal });
    const failed = started.catch((error: unknown) => error);
    const listening = (): Line | undefined =>
      lines.find(({ message }) => message === "operations server listens");
    await eventually("listens", () => listening() !== undefined, SOON_MS);
    const url = `http://127.0.0.1:${String(listening()?.fields["port"])}`;

    const waitedFor = (): unknown[] =>
      lines.filter(({ message }) => message === "waiting for a server").map(({ fields }) => fields["server"]);
    const isTold = (): boolean => ["kafka", "redis"].every((server) => waitedFor().includes(server));
    await eventually("told", isTold, SOON_MS - (performance.now() - startedMs));

    expect((await fetch(`${url}/livez`)).status).toBe(200);
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([
      503,
      "[-]worker failed: waiting for kafka, redis\n[-]kafka failed: the work waits for it\n[-]redis failed: the work waits for it\n[+]registry ok\nfailed\n",
    ]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('lastknown_waiting_on_server{server="kafka"} 1');
    expect(metrics).toContain('lastknown_waiting_on_server{server="redis"} 1');
    expect(metrics).toContain('lastknown_waiting_on_server{server="registry"} 0');

    const abortedMs = performance.now();
    ending.abort(new Error("asked to end"));
    expect(await failed).toMatchObject({ message: "asked to end" });
    expect(performance.now() - abortedMs).toBeLessThan(SOON_MS);
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
  }, 20_000);
});
