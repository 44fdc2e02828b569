import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import {
  fleetNames,
  KafkaAdmin,
  KafkaAppender,
  loadSettings,
  planTopics,
  silentLogger,
  type Settings,
} from "@lastknown/shared";
import { freePorts, kafkaTool, startSecuredBroker, type SecuredBroker } from "@lastknown/stack";
import { ROOT } from "../root.js";
import { parseObjects } from "./kubernetes-object.js";

jest.setTimeout(300_000);

const HOLDS_WITHIN_MS = 90_000;
const PARTITIONS = 4;
/** Of the sample. */
const SOMEBODY = "veh-011";
const user = { name: "lastknown", password: "hunter2" };

interface Acl {
  readonly resource: { readonly type: "topic" | "group"; readonly name: string };
  readonly operations: readonly string[];
}

/** What k8s/strimzi/users.yaml lets a user do, for a fleet of another name. */
function aclsOf(userName: string, fleet: string): Acl[] {
  const users = parseObjects(readFileSync(join(ROOT, "k8s/strimzi/users.yaml"), "utf8"));
  const found = users.find(({ metadata }) => metadata.name === userName);
  if (found?.spec === undefined) throw new Error(`there is no KafkaUser ${userName}`);
  const { acls } = found.spec["authorization"] as { acls: Acl[] };
  return acls.map(({ resource, operations }) => ({
    resource: { ...resource, name: resource.name.replace(/^lastknown\./, `${fleet}.`) },
    operations,
  }));
}

/** On a real broker that asks for rights, with topics that are there already, as Strimzi makes both. */
describe("the rights of the user of k8s/strimzi", () => {
  const fleet = `rights-${randomUUID()}`;
  const running: ChildProcess[] = [];
  let broker: SecuredBroker;
  let folder: string;
  let environment: NodeJS.ProcessEnv;

  beforeAll(async () => {
    broker = await startSecuredBroker(user, { asksForRights: true });
    folder = await mkdtemp(join(tmpdir(), "lastknown-rights-"));
    environment = {
      PATH: process.env["PATH"],
      LASTKNOWN_REDIS_NODES: process.env["LASTKNOWN_REDIS_NODES"],
      LASTKNOWN_REGISTRY_URL: process.env["LASTKNOWN_REGISTRY_URL"],
      LASTKNOWN_FLEET: fleet,
      LASTKNOWN_PARTITIONS: String(PARTITIONS),
      LASTKNOWN_DATA_DIRECTORY: folder,
      LASTKNOWN_KAFKA_BROKERS: broker.address,
      LASTKNOWN_KAFKA_TLS: "on",
      LASTKNOWN_KAFKA_TLS_CA: broker.certificate,
      LASTKNOWN_KAFKA_SASL_MECHANISM: "scram-sha-512",
      LASTKNOWN_KAFKA_SASL_USERNAME: user.name,
      LASTKNOWN_KAFKA_SASL_PASSWORD: user.password,
    };
    await makeTopics();
    for (const { resource, operations } of aclsOf(user.name, fleet)) {
      const allowed = operations.flatMap((operation) => ["--operation", operation]);
      const grant = ["--add", "--allow-principal", `User:${user.name}`, `--${resource.type}`, resource.name];
      const { exitCode, stdout } = await kafkaTool(
        "org.apache.kafka.tools.AclCommand",
        ["--bootstrap-server", broker.ownAddress].concat(grant, allowed),
      );
      if (exitCode !== 0) throw new Error(stdout.toString("utf8"));
    }
  }, 180_000);
  afterAll(async () => {
    const alive = running.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = alive.map((child) => once(child, "exit"));
    for (const child of alive) child.kill("SIGKILL");
    await Promise.all(ended);
    await broker?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const ownSettings = (): Settings =>
    loadSettings({ environment: { LASTKNOWN_KAFKA_BROKERS: broker.ownAddress } });

  async function makeTopics(): Promise<void> {
    const { kafka, topics } = ownSettings();
    const admin = new KafkaAdmin({ settings: kafka, logger: silentLogger });
    try {
      await admin.createTopics(planTopics(fleetNames(fleet), topics, { partitions: PARTITIONS, brokers: 1 }));
    } finally {
      await admin.close();
    }
  }

  async function appendNoEvent(): Promise<void> {
    const appender = new KafkaAppender({ settings: ownSettings().kafka, logger: silentLogger });
    const record = { partition: 0, key: Buffer.from("nobody"), value: Buffer.from("no event") };
    await appender.append(fleetNames(fleet).eventsTopic, [record]);
    await appender.close();
  }

  const bin = join(ROOT, "cli/bin/lastknown.js");
  function run(...args: string[]): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
      env: environment,
      encoding: "utf8",
      timeout: 120_000,
    });
    return { status, output: `${stdout}${stderr}` };
  }

  function start(command: string, ports: NodeJS.ProcessEnv): ChildProcess {
    const env = { ...environment, ...ports };
    const child = spawn(process.execPath, [bin, command], { env, stdio: "ignore" });
    running.push(child);
    return child;
  }

  it("are enough for all that the product does, and topics finds nothing to make", async () => {
    const [workerPort, queryPort, answersPort] = (await freePorts(3)).map(String);
    const made = run("topics");
    expect(made).toEqual({ status: 0, output: expect.not.stringMatching(/warning|created/) });

    const worker = start("consume", { LASTKNOWN_OPERATIONS_PORT: workerPort });
    const query = start("query", {
      LASTKNOWN_OPERATIONS_PORT: queryPort,
      LASTKNOWN_QUERY_PORT: answersPort,
    });
    await appendNoEvent();
    expect(run("replay", join(ROOT, "sample/fleet.csv"), "--speed", "max")).toMatchObject({ status: 0 });
    const lag = (): string => {
      environment["LASTKNOWN_QUERY_PORT"] = answersPort;
      return run("lag", "--json").output;
    };
    await until(() => Promise.resolve(/"lag": ?0,/.test(lag()) && /"viewLag": ?0,/.test(lag())), lag);
    const address = `http://127.0.0.1:${answersPort}/v1/users/${SOMEBODY}`;
    expect((await fetch(address)).headers.get("x-data-source")).toBe("redis");
    expect((await fetch(`${address}/history`)).headers.get("x-data-source")).toBe("view");
    expect(run("dlq", "list")).toEqual({ status: 0, output: expect.stringContaining("0/0") });
    for (const service of [worker, query]) {
      const ended = once(service, "exit");
      service.kill("SIGTERM");
      expect((await ended)[0]).toBe(143);
    }
  });

  it("are no more: another topic is none of its", () => {
    environment["LASTKNOWN_FLEET"] = `other-${fleet}`;
    const { status, output } = run("topics");
    expect(status).not.toBe(0);
    expect(output).toMatch(/authoriz|refused/i);
  });
});

async function until(holds: () => Promise<boolean>, found: () => string): Promise<void> {
  const deadlineMs = performance.now() + HOLDS_WITHIN_MS;
  while (!(await holds())) {
    if (performance.now() > deadlineMs)
      throw new Error(`it does not hold after ${HOLDS_WITHIN_MS} ms: ${found()}`);
    await pause(200);
  }
}
