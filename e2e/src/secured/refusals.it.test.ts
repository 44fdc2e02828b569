import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { type Login, makeCertificate } from "@lastknown/stack";
import { runLastknown, startLastknown } from "../harness/lastknown.js";
import { waitUntil } from "../harness/wait-until.js";
import {
  environmentFor,
  loginOf,
  passwordsOf,
  type SecuredFleet,
  serverLogsOf,
  startSecuredFleet,
} from "./secured-fleet.js";

jest.setTimeout(300_000);

const sample = fileURLToPath(new URL("../../../sample/fleet.csv", import.meta.url));
const WRONG_PASSWORD = "swordfish";
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  topics: ["topics"],
  replay: ["replay", sample, "--limit", "10", "--speed", "max"],
  consume: ["consume", "--operations-port", "0"],
  query: ["query", "--query-port", "0", "--operations-port", "0", "--view", "memory"],
  lag: ["lag"],
};
const TOLD_BOUND_MS = 120_000;

describe("servers that take TLS and logins only", () => {
  let secured: SecuredFleet;
  /** Holds what no server of the stack knows: a password, and whom to trust. */
  let folder: string;
  const printed: string[] = [];
  const listeners: Server[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lastknown-refusals-"));
    writeFileSync(join(folder, "wrong.password"), WRONG_PASSWORD, { mode: 0o600 });
    secured = await startSecuredFleet(3);
    await makeCertificate(secured.security, "expired", -1);
    // Whoever trusts this one trusts no server: it signed none.
    writeFileSync(join(folder, "other.pem"), readFileSync(secured.security.certificateFile("stack")));
  });
  afterAll(async () => {
    for (const listener of listeners) listener.close();
    await secured?.fleet.close();
    await secured?.stack.stop();
    await rm(folder, { recursive: true, force: true });
  });

  type Changes = Readonly<Record<string, string>>;

  function environment(command: string, changes: Changes): NodeJS.ProcessEnv {
    const own = { LASTKNOWN_PARTITIONS: "4", ...environmentFor(secured.stack, loginOf(command)) };
    return { ...process.env, ...own, ...changes };
  }

  /** Exit code and messages of commands that all end by themselves. */
  async function endOf(
    commands: readonly string[],
    changes: Changes,
  ): Promise<Map<string, [number | null, string]>> {
    const ends = await Promise.all(
      commands.map(async (command) => {
        const args = COMMANDS[command] ?? [];
        const ended = await runLastknown(args, {
          environment: environment(command, changes),
          boundMs: TOLD_BOUND_MS,
        });
        printed.push(ended.stdout, ended.stderr);
        return [command, [ended.exitCode, ended.stderr]] as [string, [number | null, string]];
      }),
    );
    return new Map(ends);
  }

  async function expectRefusal(
    commands: readonly string[],
    changes: Changes,
    exitCode: number,
    told: readonly RegExp[],
  ) {
    for (const [command, [code, messages]] of await endOf(commands, changes)) {
      expect([command, code, messages]).toEqual([command, exitCode, messages]);
      for (const words of told) expect(messages).toMatch(words);
    }
  }

  const file = (name: string): string => join(folder, name);
  /** A server that shows a certificate which has expired. */
  async function expiredServer(): Promise<number> {
    const cert = readFileSync(secured.security.certificateFile("expired"));
    const server = createServer({ cert, key: readFileSync(secured.security.keyFile("expired")) });
    listeners.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }
  const as = (server: "kafka" | "redis", login: Login): Changes => {
    const prefix = server === "kafka" ? "LASTKNOWN_KAFKA_SASL" : "LASTKNOWN_REDIS";
    return {
      [`${prefix}_USERNAME`]: login,
      [`${prefix}_PASSWORD_FILE`]: secured.security.passwordFile(server, login),
    };
  };
  const kafka = (): RegExp => new RegExp(`Kafka at ${secured.stack.addresses.kafkaBrokers.join(",")} `);
  const redis = (): RegExp =>
    new RegExp(`the Redis Cluster at ${secured.stack.addresses.redisNodes.join(",")} refuses us`);

  describe("Kafka", () => {
    const all = ["topics", "replay", "consume", "query", "lag"];

    it("is refused by all that do not trust its authority", async () => {
      const changes = { LASTKNOWN_KAFKA_TLS_CA_FILE: file("other.pem") };
      await expectRefusal(all, changes, 1, [
        kafka(),
        /certificate that we do not trust .*LASTKNOWN_KAFKA_TLS_CA/,
      ]);
    });

    it("is refused by all when its certificate has expired", async () => {
      const changes = { LASTKNOWN_KAFKA_BROKERS: `127.0.0.1:${await expiredServer()}` };
      await expectRefusal(all, changes, 1, [/certificate has expired.*LASTKNOWN_KAFKA_TLS_CA/]);
    });

    it("refuses all with a wrong password", async () => {
      const changes = { LASTKNOWN_KAFKA_SASL_PASSWORD_FILE: file("wrong.password") };
      await expectRefusal(all, changes, 1, [kafka(), /refused the login .*LASTKNOWN_KAFKA_SASL_PASSWORD/]);
    });

    it.each([
      ["topics", "query", /did not describe its topics/],
      ["replay", "query", /TOPIC_AUTHORIZATION_FAILED for secured-\w+\.events\/\d/],
      ["consume", "query", /did not keep a worker in its group/],
      ["lag", "replay", /did not tell the offsets of group secured-\w+\.worker/],
    ] as const)(
      "refuses %s to one with the rights of %s, and says what for",
      async (command, login, told) => {
        const right = /we have not the right .*docs\/security\.md/;
        await expectRefusal([command], as("kafka", login), 1, [kafka(), told, right]);
      },
    );
  });

  describe("the registry", () => {
    const all = ["topics", "replay", "consume"];

    it("is refused by all that do not trust its authority", async () => {
      const changes = { LASTKNOWN_REGISTRY_TLS_CA_FILE: file("other.pem") };
      await expectRefusal(all, changes, 4, [
        /https:\S+ has a certificate that we do not trust .*check LASTKNOWN_REGISTRY_TLS_CA/,
      ]);
    });

    it("is refused by all when its certificate has expired", async () => {
      const changes = {
        LASTKNOWN_REGISTRY_URL: `https://127.0.0.1:${await expiredServer()}/apis/ccompat/v7`,
      };
      await expectRefusal(all, changes, 4, [/certificate has expired.*check LASTKNOWN_REGISTRY_TLS_CA/]);
    });

    it("refuses all with a wrong password", async () => {
      const changes = { LASTKNOWN_REGISTRY_PASSWORD_FILE: file("wrong.password") };
      await expectRefusal(all, changes, 4, [
        /https:\S+ refused the login .*401.*check LASTKNOWN_REGISTRY_USERNAME and LASTKNOWN_REGISTRY_PASSWORD/,
      ]);
    });
  });

  describe("Redis", () => {
    const all = ["topics", "consume"];

    /** A query service goes on without Redis; its log has to say why. */
    async function expectToldByQuery(changes: Changes, told: RegExp): Promise<void> {
      const child = startLastknown(COMMANDS["query"] ?? [], { environment: environment("query", changes) });
      try {
        const isTold = (): true | undefined => (told.test(child.stderr.end(Infinity)) ? true : undefined);
        await waitUntil(isTold, { what: `a query service to tell ${told}`, boundMs: TOLD_BOUND_MS });
        expect(child.running).toBe(true);
      } finally {
        await child.stop(20_000);
        printed.push(child.stdout.end(Infinity), child.stderr.end(Infinity));
      }
    }

    it("is refused by all that do not trust its authority", async () => {
      const changes = { LASTKNOWN_REDIS_TLS_CA_FILE: file("other.pem") };
      await expectRefusal(all, changes, 4, [redis(), /check LASTKNOWN_REDIS_TLS_CA/]);
      await expectToldByQuery(changes, /refuses us .*check LASTKNOWN_REDIS_TLS_CA/);
    });

    it("refuses all with a wrong password", async () => {
      const changes = { LASTKNOWN_REDIS_PASSWORD_FILE: file("wrong.password") };
      await expectRefusal(all, changes, 4, [
        redis(),
        /WRONGPASS.*check LASTKNOWN_REDIS_USERNAME and LASTKNOWN_REDIS_PASSWORD/,
      ]);
      await expectToldByQuery(changes, /refuses us .*WRONGPASS.*check LASTKNOWN_REDIS_USERNAME/);
    });

    it("refuses all with the rights of query, and says for which command", async () => {
      await expectRefusal(all, as("redis", "query"), 4, [
        redis(),
        /NOPERM.*'(set|hget)'.*user query.*docs\/security\.md/,
      ]);
    });

    it("is waited for by a worker that runs while its certificates have expired, until they are renewed", async () => {
      const worker = await secured.fleet.startWorker();
      presentCertificates(() => "expired");
      await expectRefusal(["topics"], {}, 4, [
        redis(),
        /certificate has expired.*check LASTKNOWN_REDIS_TLS_CA/,
      ]);
      const log = (): string => worker.process.stderr.end(Infinity);
      const isWaiting = async (): Promise<true | undefined> =>
        (await worker.readiness()).includes("[-]redis failed") && /certificate has expired/.test(log())
          ? true
          : undefined;
      await waitUntil(isWaiting, {
        what: "the worker to wait for Redis and say why",
        boundMs: TOLD_BOUND_MS,
      });
      presentCertificates((node) => node);
      await worker.ready(TOLD_BOUND_MS);
      expect(worker.process.running).toBe(true);
    });

    /** Has each node read the certificate that `named` gives it, and ends what is connected by the one before. */
    function presentCertificates(named: (node: string) => string): void {
      secured.stack.addresses.redisNodes.forEach((address, index) => {
        const name = named(`redis-${index + 1}`);
        const { security } = secured;
        const files = [
          "tls-cert-file",
          security.certificateFile(name),
          "tls-key-file",
          security.keyFile(name),
        ];
        expect(administer(address, ["CONFIG", "SET", ...files])).toBe("OK");
        administer(address, ["CLIENT", "KILL", "TYPE", "normal"]);
      });
    }
  });

  /** As the administrator, whatever certificate the node shows. */
  function administer(address: string, args: readonly string[]): string {
    const place = ["-p", address.split(":")[1] ?? "", "--tls", "--insecure", "--user", "admin"];
    const env = { ...process.env, REDISCLI_AUTH: secured.security.password("redis", "admin") };
    return spawnSync("redis-cli", [...place, ...args], { encoding: "utf8", env }).stdout.trim();
  }

  it("shows no password in any log or output of refusals", () => {
    const texts = [...printed, ...serverLogsOf(secured.stack).values()];
    expect(texts.length).toBeGreaterThan(40);
    for (const password of [WRONG_PASSWORD, ...passwordsOf(secured.security)]) {
      expect(texts.filter((text) => text.includes(password))).toEqual([]);
    }
  });
});
