import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { KafkaWorkerGroup } from "@lastknown/consumer";
import {
  KafkaAdmin,
  KafkaAppender,
  KafkaLogReader,
  loadSettings,
  silentLogger,
  type KafkaSettings,
  type Logger,
} from "@lastknown/shared";
import { startSecuredBroker, type SecuredBroker } from "@lastknown/stack";

const BIN = fileURLToPath(new URL("../bin/lastknown.js", import.meta.url));
const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"] as const;
const user = { name: "worker", password: "hunter2" };
const WRONG_PASSWORD = "swordfish";
/** Far less than the half minute for which a broker that is away is waited for, also on a busy machine. */
const TOLD_WITHIN_MS = 8_000;
const MEMBERSHIP = { sessionTimeoutMs: 6000, heartbeatIntervalMs: 200 };

let broker: SecuredBroker;
beforeAll(async () => {
  broker = await startSecuredBroker(user);
}, 120_000);
afterAll(() => broker?.stop());

type Environment = Record<string, string>;

/** The variables of a client that fits the broker; an empty one of `changes` is taken away. */
function environmentWith(changes: Environment = {}): Environment {
  const fitting = {
    LASTKNOWN_KAFKA_BROKERS: broker.address,
    LASTKNOWN_KAFKA_TLS: "on",
    LASTKNOWN_KAFKA_TLS_CA: broker.certificate,
    LASTKNOWN_KAFKA_SASL_MECHANISM: "plain",
    LASTKNOWN_KAFKA_SASL_USERNAME: user.name,
    LASTKNOWN_KAFKA_SASL_PASSWORD: user.password,
  };
  return Object.fromEntries(Object.entries({ ...fitting, ...changes }).filter(([, value]) => value !== ""));
}

function settingsWith(changes: Environment = {}): KafkaSettings {
  return loadSettings({ environment: environmentWith(changes) }).kafka;
}

describe("a broker that takes TLS and logins only", () => {
  it.each(MECHANISMS)("serves appender, reader, administration and group with %s", async (mechanism) => {
    const settings = settingsWith({ LASTKNOWN_KAFKA_SASL_MECHANISM: mechanism });
    const options = { settings, logger: silentLogger };
    const topic = `test-${randomUUID()}`;
    const [admin, appender, reader] = [
      new KafkaAdmin(options),
      new KafkaAppender(options),
      new KafkaLogReader(options),
    ];
    const group = new KafkaWorkerGroup({
      ...options,
      topic,
      group: `${topic}.worker`,
      membership: MEMBERSHIP,
    });
    try {
      await admin.createTopics([{ topic, partitions: 1, replicationFactor: 1, configuration: {} }]);
      await appender.append(topic, [{ partition: 0, key: null, value: Buffer.from("value") }]);
      const { records } = await reader.read(topic, 0, 0, { bytesMax: 1000, waitMs: 5000 });
      expect(records.map(({ value }) => String(value))).toEqual(["value"]);

      const assignment = await joined(group);
      expect(assignment.partitions).toEqual([0]);
      expect(await group.commit(assignment.generation, new Map([[0, 1]]))).toBe("committed");
      expect(await group.committed()).toEqual(new Map([[0, { offset: 1, note: "" }]]));
    } finally {
      await Promise.all([group.leave(), reader.close(), appender.close(), admin.close()]);
    }
  });
});

/** Its first assignment; committing is possible only once `join` has resolved, too. */
async function joined(
  group: KafkaWorkerGroup,
): Promise<{ generation: number; partitions: readonly number[] }> {
  let join: Promise<void> | undefined;
  const assignment = await new Promise<{ generation: number; partitions: readonly number[] }>(
    (resolve, reject) => {
      const assigned = (generation: number, partitions: readonly number[]): void =>
        resolve({ generation, partitions });
      join = group.join({ assigned, revoked: () => undefined, failed: reject });
      join.catch(reject);
    },
  );
  await join;
  return assignment;
}

interface Client {
  readonly ask: () => Promise<unknown>;
  readonly close: () => Promise<void>;
}

const CLIENTS: Record<string, (options: { settings: KafkaSettings; logger: Logger }) => Client> = {
  appender: (options) => {
    const appender = new KafkaAppender(options);
    const records = [{ partition: 0, key: null, value: Buffer.from("value") }];
    return { ask: () => appender.append("any", records), close: () => appender.close() };
  },
  reader: (options) => {
    const reader = new KafkaLogReader(options);
    return { ask: () => reader.ends("any"), close: () => reader.close() };
  },
  administration: (options) => {
    const admin = new KafkaAdmin(options);
    return { ask: () => admin.brokerCount(), close: () => admin.close() };
  },
  group: (options) => {
    const group = new KafkaWorkerGroup({
      ...options,
      topic: "any",
      group: "any.worker",
      membership: MEMBERSHIP,
    });
    const ignore = (): void => undefined;
    return {
      ask: () => group.join({ assigned: ignore, revoked: ignore, failed: ignore }),
      close: () => group.leave(),
    };
  },
};

interface Unfit {
  readonly what: string;
  readonly changes: Environment;
  readonly told: string;
}

const UNFIT: readonly Unfit[] = [
  ...MECHANISMS.map((mechanism) => ({
    what: `a wrong password with ${mechanism}`,
    changes: { LASTKNOWN_KAFKA_SASL_MECHANISM: mechanism, LASTKNOWN_KAFKA_SASL_PASSWORD: WRONG_PASSWORD },
    told: "LASTKNOWN_KAFKA_SASL_",
  })),
  {
    what: "an authority that we do not trust",
    changes: { LASTKNOWN_KAFKA_TLS_CA: "" },
    told: "self-signed certificate); check LASTKNOWN_KAFKA_TLS_CA",
  },
  {
    what: "no TLS of ours",
    changes: { LASTKNOWN_KAFKA_TLS: "", LASTKNOWN_KAFKA_TLS_CA: "" },
    told: "set LASTKNOWN_KAFKA_TLS=on",
  },
];

/** Keeps what is logged as the product's logger would see it. */
function keepingLogger(lines: string[]): Logger {
  const keep = (message: string, fields?: object): void => {
    lines.push(`${message} ${inspect(fields, { depth: 10 })}`);
  };
  const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => logger };
  return logger;
}

describe.each([...UNFIT])("$what", ({ changes, told }) => {
  it.each(Object.keys(CLIENTS))(
    "is told by the %s within seconds, with broker and setting, without the password",
    async (name) => {
      const lines: string[] = [];
      const client = CLIENTS[name]!({ settings: settingsWith(changes), logger: keepingLogger(lines) });
      const startedMs = performance.now();
      const error: unknown = await client.ask().catch((caught: unknown) => caught);
      expect(performance.now() - startedMs).toBeLessThan(TOLD_WITHIN_MS);
      await client.close();
      expect(error).toMatchObject({ name: "KafkaRefusedError" });
      expect((error as Error).message).toContain(broker.address);
      expect((error as Error).message).toContain(told);
      const all = [inspect(error, { depth: 10, showHidden: true }), ...lines].join("\n");
      expect(all).not.toMatch(new RegExp(`${user.password}|${WRONG_PASSWORD}`));
    },
  );

  it("is told by a command in one line, which ends with 1", () => {
    const startedMs = performance.now();
    const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, "dlq", "list"], {
      encoding: "utf8",
      timeout: 60_000,
      env: { PATH: process.env["PATH"], ...environmentWith(changes) },
    });
    expect(performance.now() - startedMs).toBeLessThan(TOLD_WITHIN_MS);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^lastknown: [^\n]+\n$/);
    expect(stderr).toContain(broker.address);
    expect(stderr).toContain(told);
    expect(stderr).not.toMatch(new RegExp(`${user.password}|${WRONG_PASSWORD}`));
  });
});
