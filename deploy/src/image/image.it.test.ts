import { randomUUID } from "node:crypto";
import { chmod, chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { freePorts } from "@lastknown/stack";
import { HandBuiltImage } from "./build-by-hand.js";
import { Contained, isHealthy, isRoot } from "./contained.js";

jest.setTimeout(300_000);

const IMAGE_USER = 1000;
const HOLDS_WITHIN_MS = 60_000;
const SERVERS = ["LASTKNOWN_KAFKA_BROKERS", "LASTKNOWN_REDIS_NODES", "LASTKNOWN_REGISTRY_URL"];
/** Of the sample. */
const SOMEBODY = "veh-011";

describe("what the Dockerfile makes, run by a user who may not write there", () => {
  const started: Contained[] = [];
  let image: HandBuiltImage;
  let data: string;

  beforeAll(async () => {
    image = await HandBuiltImage.build();
    data = await mkdtemp(join(tmpdir(), "lastknown-image-data-"));
    if (isRoot) await chown(data, IMAGE_USER, IMAGE_USER);
    else await setModeOfAll(image.root, 0o555);
  });
  afterAll(async () => {
    for (const contained of started) contained.kill("SIGKILL");
    if (!isRoot) await setModeOfAll(image.root, 0o755);
    await image.remove();
    await rm(data, { recursive: true, force: true });
  });

  it("is no more than running it takes", async () => {
    const files = await readdir(image.pathOf("app"), { recursive: true });
    const ours = files.filter((file) => !file.startsWith("node_modules/"));
    expect(ours).toContain("cli/bin/lastknown.js");
    expect(ours.filter((file) => /\.(ts|map)$|\.test\.js$/.test(file))).toEqual([]);
    const packages = await readdir(image.pathOf("app/node_modules"));
    expect(packages).toContain("kafkajs");
    expect(
      [
        "jest",
        "typescript",
        "prettier",
        "oxlint",
        "dclint",
        "kubernetes-models",
        "playwright-core",
        "axe-core",
      ].filter((name) => packages.includes(name)),
    ).toEqual([]);
  });

  it("makes topics, consumes, answers and replays, and tells whether it lives", async () => {
    const [workerPort = 0, queryPort = 0, answersPort = 0, nobodysPort = 0] = await freePorts(4);
    const shared = {
      ...Object.fromEntries(SERVERS.map((name) => [name, process.env[name]])),
      LASTKNOWN_FLEET: `image-${randomUUID()}`,
      LASTKNOWN_DATA_DIRECTORY: data,
      // A container's own network is its own; here it is this machine's.
      LASTKNOWN_OPERATIONS_HOST: "127.0.0.1",
      LASTKNOWN_QUERY_HOST: "127.0.0.1",
    };
    const run = (args: readonly string[], environment: NodeJS.ProcessEnv = {}): Contained => {
      const contained = new Contained(image, args, { ...shared, ...environment });
      started.push(contained);
      return contained;
    };
    await run(["topics"]).endsWith(0);
    const worker = run(["consume"], { LASTKNOWN_OPERATIONS_PORT: String(workerPort) });
    const query = run(["query"], {
      LASTKNOWN_OPERATIONS_PORT: String(queryPort),
      LASTKNOWN_QUERY_PORT: String(answersPort),
    });
    expect(await isHealthy(image, nobodysPort)).toBe(false);
    await until(() => isHealthy(image, workerPort));
    await until(() => isHealthy(image, queryPort));

    await run(["replay", image.pathOf("app/sample/fleet.csv"), "--speed", "max"]).endsWith(0);
    await until(async () => (await fetch(`http://127.0.0.1:${answersPort}/v1/users/${SOMEBODY}`)).ok);
    for (const file of ["", "page/page.js", "page/uplot.js"])
      expect([file, (await fetch(`http://127.0.0.1:${answersPort}/${file}`)).status]).toEqual([file, 200]);
    for (const service of [worker, query]) service.kill("SIGTERM");
    await worker.endsWith(143);
    await query.endsWith(143);
  });
});

async function setModeOfAll(folder: string, mode: number): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name));
  for (const path of [folder, ...folders]) await chmod(path, mode);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + HOLDS_WITHIN_MS;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`it does not hold after ${HOLDS_WITHIN_MS} ms`);
    await pause(200);
  }
}
