import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { pins } from "@lastknown/stack";
import { readComposeFile, type Service } from "../compose/compose-file.js";
import { ROOT } from "../root.js";
import { ofKind, parseObjects } from "./kubernetes-object.js";
import { INSTALL } from "./rendered-files.js";
import { quantity } from "./policies/running.js";
import { workloadsIn, type Container } from "./workload.js";

const objects = parseObjects(readFileSync(join(ROOT, INSTALL), "utf8"));
const { services } = readComposeFile();

function containerOf(name: string): Container {
  const workload = workloadsIn(objects).find(({ object }) => object.metadata.name === name);
  const container = workload?.containers[0];
  if (container === undefined) throw new Error(`there is no ${name}`);
  return container;
}

function serviceOf(name: string): Service {
  const service = services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no ${name}`);
  return service;
}

const variablesOf = ({ env = [] }: Container): Record<string, string | undefined> =>
  Object.fromEntries(env.map(({ name, value }) => [name, value]));

describe("the servers of the overlay dev", () => {
  it.each([
    ["kafka", "kafka"],
    ["registry", "registry"],
    ["redis", "redis-1"],
    ["redis-cluster", "redis-cluster"],
  ])("%s has the image that docker compose has", (name, inCompose) => {
    expect(containerOf(name).image).toBe(serviceOf(inCompose).image);
  });

  it("are those that the product is tested with", () => {
    expect(containerOf("kafka").image).toBe(`apache/kafka:${pins.kafka}`);
    expect(containerOf("registry").image).toBe(`apicurio/apicurio-registry:${pins.registry}`);
  });

  it("kafka is set up as docker compose sets it up, but for where it is", () => {
    const { CLUSTER_ID: _, ...here } = variablesOf(containerOf("kafka"));
    const { CLUSTER_ID: __, ...there } = serviceOf("kafka").environment ?? {};
    expect(here).toEqual({
      ...there,
      KAFKA_CONTROLLER_QUORUM_VOTERS: "1@127.0.0.1:9093",
      KAFKA_LISTENERS: "FLEET://:9092,CONTROLLER://127.0.0.1:9093",
      KAFKA_ADVERTISED_LISTENERS: "FLEET://kafka:9092",
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "FLEET:PLAINTEXT,CONTROLLER:PLAINTEXT",
      // Below the mount: see the manifest.
      KAFKA_LOG_DIRS: `${String(there["KAFKA_LOG_DIRS"])}/logs`,
    });
    expect(containerOf("kafka").volumeMounts?.map(({ mountPath }) => mountPath)).toEqual([
      there["KAFKA_LOG_DIRS"],
    ]);
  });

  it("the registry keeps its schemas on its volume", () => {
    const variables = variablesOf(containerOf("registry"));
    expect(variables).toEqual(serviceOf("registry").environment);
    const [mount] = containerOf("registry").volumeMounts ?? [];
    expect(variables["APICURIO_DATASOURCE_URL"]).toContain(`jdbc:h2:file:${mount?.mountPath}/`);
  });

  it("Redis is started as docker compose starts it, and announces an address that stays", () => {
    const scripts = ofKind(objects, "ConfigMap").find(({ metadata }) =>
      metadata.name.startsWith("redis-scripts"),
    );
    const start = scripts?.data?.["start-redis.sh"] ?? "";
    const command = start.slice(start.indexOf("exec ")).replaceAll(/\s*\\\n\s*/g, " ");
    const [program, ...options] = serviceOf("redis-1").command ?? [];
    expect(command).toContain(`exec ${program} `);
    // How much memory it may take is each one's own.
    const shared = options
      .join(" ")
      .split(" --")
      .filter((option) => !/^maxmemory \d/.test(option));
    for (const option of shared) expect(command).toContain(option.replace(/^--/, ""));
    expect(command).toContain('--cluster-announce-ip "$address"');
  });

  it("has an address that stays for each Redis node, and forms the cluster of all of them", () => {
    const redis = workloadsIn(objects).find(({ object }) => object.metadata.name === "redis");
    const nodes = Array.from({ length: redis?.replicas ?? 0 }, (_, index) => `redis-address-${index}`);
    expect(nodes).toHaveLength(6);
    expect(containerOf("redis-cluster").args).toEqual(nodes);
    for (const [index, name] of nodes.entries()) {
      const { spec } = ofKind(objects, "Service").find(({ metadata }) => metadata.name === name) ?? {};
      expect(spec).toMatchObject({
        selector: { "statefulset.kubernetes.io/pod-name": `redis-${index}` },
        // A node that is not ready must be found by the others, or it never is.
        publishNotReadyAddresses: true,
        ports: [
          { port: 6379, targetPort: "redis" },
          // Redis adds 10000.
          { port: 16_379, targetPort: "cluster-bus" },
        ],
      });
    }
  });

  it("has Redis refuse writes before its pod is killed for its memory", () => {
    const script = readFileSync(join(ROOT, "k8s/overlays/dev/redis/start-redis.sh"), "utf8");
    const megabytes = Number(/--maxmemory (\d+)mb --maxmemory-policy noeviction/.exec(script)?.[1]);
    const limit = quantity(containerOf("redis").resources?.limits?.["memory"]) ?? 0;
    // The rest is for what a rewrite of its file copies, and for the clients.
    expect(megabytes * 2 ** 20).toBeLessThanOrEqual(limit * 0.65);
    expect(megabytes).toBeGreaterThan(0);
    expect(script).toContain("--hash-max-listpack-value 512");
  });
});

describe("the monitors", () => {
  const text = readFileSync(join(ROOT, "k8s/components/monitoring/monitors.yaml"), "utf8");

  it("name their jobs as docker compose's Prometheus does", () => {
    const names = [...text.matchAll(/targetLabel: job, replacement: ([a-z-]+)/g)].map(([, name]) => name);
    const compose = readFileSync(join(ROOT, "deploy/compose/prometheus.yml"), "utf8");
    expect(names).toEqual([...compose.matchAll(/job_name: (lastknown-[a-z]+)/g)].map(([, name]) => name));
  });
});
