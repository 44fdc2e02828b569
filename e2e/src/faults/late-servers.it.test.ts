import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { freePorts } from "../harness/free-ports.js";
import { Service } from "../harness/lastknown.js";
import { ServerGate } from "../harness/server-gate.js";
import { requiredEnvironment, TestFleet } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";
import { readMetric } from "./read-metrics.js";

jest.setTimeout(120_000);

const SERVERS = ["kafka", "redis", "registry"] as const;

describe("a worker that starts before its servers", () => {
  let fleet: TestFleet;
  const gates = new Map<(typeof SERVERS)[number], ServerGate>();

  beforeAll(async () => {
    fleet = await TestFleet.create({ prefix: "late-servers" });
    const [broker, node] = ["LASTKNOWN_KAFKA_BROKERS", "LASTKNOWN_REDIS_NODES"].map(
      (name) => `tcp://${requiredEnvironment(name).split(",")[0] ?? ""}`,
    );
    const registry = requiredEnvironment("LASTKNOWN_REGISTRY_URL");
    for (const [server, target] of Object.entries({ kafka: broker, redis: node, registry })) {
      const gate = await ServerGate.before(new URL(target ?? ""));
      await gate.shut();
      gates.set(server as (typeof SERVERS)[number], gate);
    }
  });

  afterAll(async () => {
    await fleet?.close();
    for (const gate of gates.values()) await gate.shut();
  });

  it("is alive and not ready meanwhile, names the one that it waits for, and works as soon as all are there", async () => {
    const [operationsPort = 0] = await freePorts(1);
    const at = (server: (typeof SERVERS)[number]): string => `127.0.0.1:${gates.get(server)?.port ?? 0}`;
    const registry = new URL(requiredEnvironment("LASTKNOWN_REGISTRY_URL"));
    const servers = ["--kafka-brokers", at("kafka"), "--redis-nodes", at("redis")];
    servers.push("--registry-url", `http://${at("registry")}${registry.pathname}`);
    const child = fleet.start(["consume", "--operations-port", String(operationsPort), ...servers]);
    const worker = new Service(child, operationsPort);
    try {
      for (const server of SERVERS) {
        await waitUntil(
          async () => {
            if (!child.running) throw child.failure("ended while it had to wait");
            if ((await worker.status("/livez")) === undefined) return undefined;
            const waits = await readMetric(worker, `lastknown_waiting_on_server{server="${server}"}`);
            return waits === 1 ? true : undefined;
          },
          { what: `the worker to wait for ${server}`, boundMs: 30_000 },
        );
        expect([await worker.status("/livez"), await worker.status("/readyz")]).toEqual([200, 503]);
        await gates.get(server)?.open();
      }
      await worker.ready();
      for (const server of SERVERS) {
        expect(await readMetric(worker, `lastknown_waiting_on_server{server="${server}"}`)).toBe(0);
      }
      expect(await worker.stop()).toMatchObject({ exitCode: 143 });
    } finally {
      await child.kill("SIGKILL");
    }
  });
});
