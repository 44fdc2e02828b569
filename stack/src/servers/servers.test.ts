import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "@jest/globals";
import { layOut, portsNeeded, type StackForm, type StackState } from "../stack-layout.js";
import { kafkaSettings } from "./kafka-settings.js";
import { brokersKnownTo, brokersOf, metadataRequest } from "./kafka-requests.js";
import { fields, slotsOf, strangersTo } from "./redis-cluster.js";
import { decodeAnswer, encodeCommand, redisCommand } from "./redis-commands.js";
import { registryLacks } from "./registry.js";

const listeners: Server[] = [];
afterEach(async () => {
  for (const server of listeners.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** A server that takes connections and never answers, as one under SIGSTOP does. */
async function silentServer(): Promise<number> {
  const server = createServer((socket) => socket.resume());
  listeners.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function stateOf(form: StackForm): StackState {
  const ports = Array.from({ length: portsNeeded(form) }, (_, index) => 20_000 + index);
  const tuning = { kafkaHeapMb: 256, quickJit: true, redisNodeTimeoutMs: 2000 };
  return { version: 1, layout: layOut(form, ports), ...tuning, formatted: false, servers: {} };
}

describe("the layout", () => {
  it("gives each server a port before it where that is asked for, which a broker tells its clients alone", () => {
    const state = stateOf({ brokers: 3, redisNodes: 6, proxied: true });
    const { brokers, redis, proxies = [] } = state.layout;
    expect(proxies.map(({ server }) => server)).toEqual([
      ...brokers.map(({ name }) => name),
      "registry",
      ...redis.map(({ name }) => name),
    ]);
    expect(new Set(proxies.map(({ port }) => port)).size).toBe(10);
    const [broker] = brokers;
    const [proxy] = proxies;
    if (broker === undefined || proxy === undefined) throw new Error("no broker");
    const settings = kafkaSettings(state, broker, "/folder");
    expect(settings["listeners"]).toContain(`PROXIED://127.0.0.1:${proxy.targetPort}`);
    expect(settings["advertised.listeners"]).toContain(`PROXIED://127.0.0.1:${proxy.port}`);
    expect(settings["advertised.listeners"]).toContain(`PLAINTEXT://127.0.0.1:${broker.port}`);
  });

  it("gives each port once and pairs each replica with a master", () => {
    const { brokers, registry, redis } = stateOf({ brokers: 3, redisNodes: 6 }).layout;
    const ports = [
      ...brokers.flatMap(({ port, controllerPort }) => [port, controllerPort]),
      registry.port,
      ...redis.flatMap(({ port, clusterPort }) => [port, clusterPort]),
    ];
    expect(new Set(ports).size).toBe(19);
    expect(redis.map(({ replicaOf }) => replicaOf)).toEqual([
      null,
      null,
      null,
      "redis-1",
      "redis-2",
      "redis-3",
    ]);
  });
});

describe("a broker's settings", () => {
  it.each([
    [1, 1, 1],
    [3, 3, 2],
  ] as const)("with %i brokers keep %i copies, %i in sync", (brokers, copies, inSync) => {
    const state = stateOf({ brokers, redisNodes: 3 });
    expect(kafkaSettings(state, state.layout.brokers[0]!, "/folder")).toMatchObject({
      "offsets.topic.replication.factor": copies,
      "min.insync.replicas": inSync,
      "auto.create.topics.enable": "false",
      "log.dirs": "/folder/log",
    });
  });
});

describe("a Metadata request", () => {
  it("is written as the protocol has it", () => {
    expect(metadataRequest().toString("hex")).toBe(
      "0003" + "0001" + "00000001" + "000f" + Buffer.from("lastknown-stack").toString("hex") + "00000000",
    );
  });

  it("is answered with the brokers' ids, whatever their racks", () => {
    const broker = (id: number, rack: string | null): string =>
      `${id.toString(16).padStart(8, "0")}0001${"61"}00002384${rack === null ? "ffff" : `0001${"72"}`}`;
    const answer = Buffer.from(`0000000100000002${broker(3, "r")}${broker(1, null)}00000001`, "hex");
    expect(brokersOf(answer)).toEqual([1, 3]);
  });

  it("to a server that is silent ends within its bound", async () => {
    await expect(brokersKnownTo(await silentServer(), 100)).rejects.toThrow("within 100 ms");
  });
});

describe("the registry's health", () => {
  it("is not assumed of a server that is silent", async () => {
    expect(await registryLacks({ name: "registry", port: await silentServer() }, 100)).toContain(
      "does not answer",
    );
  });
});

describe("Redis", () => {
  it("takes commands by length", () => {
    expect(encodeCommand(["PING", "é"])).toBe("*2\r\n$4\r\nPING\r\n$2\r\né\r\n");
  });

  it.each([
    ["+OK\r\n", { text: "OK", bytes: 5 }],
    [":3\r\n+OK\r\n", { text: "3", bytes: 4 }],
    ["$4\r\na\r\nb\r\n", { text: "a\r\nb", bytes: 10 }],
    ["-ERR no\r\n", { text: "", error: "ERR no", bytes: 9 }],
    ["$4\r\na\r\n", undefined],
    ["+O", undefined],
  ])("answers %j", (bytes, answer) => {
    expect(decodeAnswer(Buffer.from(bytes))).toEqual(answer);
  });

  it("that is silent is not waited for beyond the bound", async () => {
    await expect(redisCommand(await silentServer(), ["PING"], 100)).rejects.toThrow("within 100 ms");
  });

  it("has each slot at one of three masters", () => {
    expect([0, 1, 2].map((index) => slotsOf(index, 3))).toEqual([
      [0, 5460],
      [5461, 10921],
      [10922, 16383],
    ]);
  });

  it("tells fields from lines", () => {
    expect(fields("# Replication\r\nrole:slave\r\nmaster_link_status:up\r\n").get("master_link_status")).toBe(
      "up",
    );
  });

  it.each([
    [
      "one node too few",
      [["id", "a", "myself,master", "-", "0", "0", "1", "connected"]],
      "knows 1 of 2 nodes",
    ],
    ["a suspected node", view("master,fail?", "connected"), "sees b as fail?"],
    ["a node being met", view("handshake", "connected"), "sees b as handshake"],
    ["a lost link", view("master", "disconnected"), "has no link to b"],
    ["a whole view", view("slave", "connected"), undefined],
  ])("sees in %s what is lacking", (_name, nodes, lack) => {
    expect(strangersTo(nodes, 2)).toBe(lack);
  });
});

function view(flags: string, link: string): string[][] {
  return [
    ["id", "a", "myself,master", "-", "0", "0", "1", "connected"],
    ["id", "b", flags, "-", "0", "0", "2", link],
  ];
}
