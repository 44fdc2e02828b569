import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, test } from "@jest/globals";
import { silentLogger } from "../logging/index.js";
import { loadSettings } from "../settings/index.js";
import { BrokerConnections } from "./broker-connections.js";
import { faultOfAttempt, type KafkaFault } from "./kafka-fault.js";

/** As many partitions as a worker may append to at once; node takes more than ten listeners for a leak. */
const CALLS = 64;

test("many calls that wait to try again are not taken for a leak", () => {
  const built = (path: string): string =>
    JSON.stringify(fileURLToPath(new URL(`../../dist/${path}`, import.meta.url)));
  // Node's warnings reach only its own process object, not the one that a test is given.
  const code = `
    import { silentLogger } from ${built("logging/index.js")};
    import { loadSettings } from ${built("settings/index.js")};
    import { BrokerConnections } from ${built("kafka/broker-connections.js")};
    import { PartitionError } from ${built("kafka/kafka-fault.js")};
    const { kafka: settings } = loadSettings({ environment: {} });
    const connections = new BrokerConnections({ settings, logger: silentLogger });
    const noLeader = () => Promise.reject(new PartitionError("events", 0, 5));
    const calls = Array.from({ length: ${CALLS} }, () => connections.call("events", "answer", 0, noLeader));
    const settled = Promise.allSettled(calls);
    setImmediate(() => connections.close());
    console.log((await settled).map(({ status }) => status).join(" "));`;
  const ran = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  expect(ran.stderr).toBe("");
  expect(ran.stdout.trim().split(" ")).toEqual(Array.from({ length: CALLS }, () => "rejected"));
});

describe("a broker that accepts connections and never answers", () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
  });
  let connections: BrokerConnections;

  beforeEach(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const { kafka } = loadSettings({ environment: {} });
    const settings = {
      ...kafka,
      brokers: [`127.0.0.1:${port}`],
      connectTimeoutMs: 200,
      requestTimeoutMs: 300,
    };
    connections = new BrokerConnections({ settings, logger: silentLogger });
  });

  afterEach(async () => {
    await connections.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise((resolve) => server.close(resolve));
  });

  const faultOfLookup = async (topic: string): Promise<KafkaFault | undefined> =>
    await connections.leadersOf(topic).then(() => undefined, faultOfAttempt);

  it("is unreachable at each call on the same connection, not at the first alone", async () => {
    expect(await faultOfLookup("events")).toBe("unreachable");
    expect(await faultOfLookup("events")).toBe("unreachable");
  });

  it("ends a lookup that was queued before the connections were dropped, without new ones", async () => {
    const first = faultOfLookup("events");
    const queued = faultOfLookup("audit");
    await once(server, "connection");
    const lost = Object.assign(new Error("lost"), { name: "KafkaJSConnectionError" });
    let attempts = 0;
    await connections.call("events", "answer", 0, async () => {
      if (attempts++ === 0) throw lost;
    });
    expect(await first).toBe("unreachable");
    expect(await queued).toBe("unreachable");
    expect(sockets.size).toBe(1);
  });
});
