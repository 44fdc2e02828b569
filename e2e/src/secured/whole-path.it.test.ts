import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { connectRedis, KafkaAppender, loadSettings, silentLogger, waitUntilReady } from "@lastknown/shared";
import { PRINCIPALS } from "@lastknown/stack";
import { runLastknownWell, type RunResult } from "../harness/lastknown.js";
import type { QueryService } from "../harness/test-fleet.js";
import { printJudgement, recompute } from "../oracle/index.js";
import { listeningPorts } from "./listening-ports.js";
import { passwordsOf, type SecuredFleet, serverLogsOf, startSecuredFleet } from "./secured-fleet.js";
import { grantedRights, usedRightsIn } from "./used-rights.js";

jest.setTimeout(240_000);

const sample = fileURLToPath(new URL("../../../sample/fleet.csv", import.meta.url));

describe("the whole path on servers that take TLS and logins only, each process with its own principal", () => {
  let secured: SecuredFleet;
  let query: QueryService;
  const outputs: RunResult[] = [];

  beforeAll(async () => {
    secured = await startSecuredFleet(6);
    await run(["replay", sample, "--speed", "max"]);
    query = await secured.fleet.startQuery();
    await readWhatWaits();
    await secured.fleet.startWorker();
    await secured.fleet.startWorker();
  });
  afterAll(async () => {
    await secured?.fleet.close();
    await secured?.stack.stop();
  });

  /** How long the oldest record waits is read from events that were there before, by tools and the query service. */
  async function readWhatWaits(): Promise<void> {
    const lag = JSON.parse((await run(["lag", "--json"])).stdout) as { lag: number; lagSeconds: number };
    expect(lag).toMatchObject({ lag: 2_000, lagSeconds: expect.any(Number) });
    const answer = await fetch(`${query.baseUrl}/v1/users`);
    await answer.text();
    expect(Number(answer.headers.get("x-data-lag-seconds"))).toBeGreaterThan(0);
  }

  const run = async (args: readonly string[]): Promise<RunResult> => {
    const result = await secured.fleet.run(args);
    outputs.push(result);
    return result;
  };

  /** As the replay, so that the workers have something to send to the dead letters. */
  async function appendNoEvent(): Promise<void> {
    const environment = secured.stack.environmentAs("replay");
    const appender = new KafkaAppender({
      settings: loadSettings({ environment }).kafka,
      logger: silentLogger,
    });
    try {
      const record = { partition: 0, key: Buffer.from("user"), value: Buffer.from("no event") };
      await appender.append(`${secured.fleet.name}.events`, [record]);
    } finally {
      await appender.close();
    }
  }

  it("is right for every row, entry, state, verdict and answer of the sample", async () => {
    const { arrivals, timelines } = recompute(sample);
    await secured.fleet.caughtUp(query);
    const { events, audit, deadLetters, states, answers } = await secured.fleet.judge({
      expected: arrivals,
      doublesAllowed: false,
      answers: { baseUrl: query.baseUrl, questions: 500 },
    });
    const said = [events, deadLetters, states, answers?.history, answers?.latest, answers?.asOf].map(
      (judgement) => judgement && printJudgement(judgement),
    );
    const users = `${timelines.size} of ${timelines.size} right`;
    const rows = "2,000 of 2,000 right";
    expect(said).toEqual([rows, "0 of 0 right", users, rows, users, "500 of 500 right"]);
    expect(audit).toEqual({ checked: audit.checked, right: audit.checked, wrong: [] });
    expect(audit.checked).toBeGreaterThan(2_000);
  });

  it("needs each right that the table gives, and no other", async () => {
    await appendNoEvent();
    await secured.fleet.caughtUp(query);
    await run(["export", "--format", "ndjson"]);
    expect((await run(["dlq", "list"])).stdout).toContain("wrong_partition");
    await run(["topics"]);
    const log = [...serverLogsOf(secured.stack)].find(([name]) => name === "kafka-1.log")?.[1] ?? "";
    const { used, denied } = usedRightsIn(log, new Set(PRINCIPALS));
    expect([...denied]).toEqual([]);
    expect([...used].toSorted()).toEqual(grantedRights(secured.fleet.name).toSorted());
  });

  it("lets nobody in without TLS: no server listens on any other port than its own", () => {
    const { layout } = JSON.parse(readFileSync(join(secured.stack.directory, "stack.json"), "utf8")) as Stack;
    for (const { name, port, internalPort, controllerPort } of layout.brokers) {
      expect(listeningPorts(secured.stack.node(name).pid)).toEqual(
        sorted([port, internalPort, controllerPort]),
      );
    }
    for (const { name, port, clusterPort } of layout.redis) {
      expect(listeningPorts(secured.stack.node(name).pid)).toEqual(sorted([port, clusterPort]));
    }
    expect(listeningPorts(secured.stack.node("registry").pid)).toEqual([layout.registry.port]);
  });

  it("has in Redis, too, users that ask for nothing that is refused to them", async () => {
    const environment = secured.stack.environmentAs("admin");
    const { redis } = loadSettings({ environment });
    const cluster = connectRedis(redis, silentLogger);
    try {
      await waitUntilReady(cluster, redis);
      const refused = await Promise.all(cluster.nodes().map((node) => node.call("ACL", "LOG")));
      // Whether a user takes any password is asked where that may be; only the administrator's may.
      expect(namesIn(refused.flat()).filter((name) => name !== "acl|getuser")).toEqual([]);
    } finally {
      cluster.disconnect();
    }
  });

  it("R11: has all that it had when a Redis node is restarted, though nobody is let in as the default user", async () => {
    await secured.stack.restartNode("redis-1");
    const log = serverLogsOf(secured.stack).get("redis-1.log") ?? "";
    expect(log).toMatch(/DB loaded from append only file/);
    expect(log).not.toMatch(/NOPERM|CRITICAL/);
    const { states } = await secured.fleet.judge({ doublesAllowed: true });
    expect(states).toEqual({ checked: states.checked, right: states.checked, wrong: [] });
  });

  it("shows no password in any log or output, nor in what config prints", async () => {
    for (const login of [...PRINCIPALS, "admin"] as const) {
      const environment = { ...process.env, ...secured.stack.environmentAs(login) };
      outputs.push(await runLastknownWell(["config"], { environment }));
    }
    const texts = [
      ...serverLogsOf(secured.stack).values(),
      ...outputs.flatMap(({ stdout, stderr }) => [stdout, stderr]),
      ...secured.fleet.services.flatMap(({ process: child }) => [
        child.stdout.end(Infinity),
        child.stderr.end(Infinity),
      ]),
    ];
    expect(texts.join("")).toContain("secured-");
    for (const password of passwordsOf(secured.security)) {
      expect(texts.filter((text) => text.includes(password))).toEqual([]);
    }
  });
});

/** The part of the stack's state file that names its ports. */
interface Stack {
  readonly layout: {
    readonly brokers: readonly { name: string; port: number; internalPort: number; controllerPort: number }[];
    readonly registry: { port: number };
    readonly redis: readonly { name: string; port: number; clusterPort: number }[];
  };
}

function sorted(ports: readonly number[]): number[] {
  return ports.toSorted((a, b) => a - b);
}

/** Of entries of ACL LOG, each of names and values in turn: what was refused. */
function namesIn(entries: readonly unknown[]): unknown[] {
  return entries.map((entry) => (Array.isArray(entry) ? entry[entry.indexOf("object") + 1] : entry));
}
