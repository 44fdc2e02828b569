import { afterAll, describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { describeError, exitCodes } from "../errors/index.js";
import { loadSettings, type LoadSettingsOptions } from "./load-settings.js";
import { SettingsError } from "./settings-error.js";
import { makeTlsFixture } from "./tls-fixture.js";

const fixture = makeTlsFixture();
const [cert, key] = [readFileSync(fixture.certPath, "utf8"), readFileSync(fixture.keyPath, "utf8")];
afterAll(() => fixture.remove());

/** Files that exist only here; any other path fails as the file system does. */
function withFiles(files: Record<string, string>): (path: string) => string {
  return (path) => {
    const content = files[path];
    if (content === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
    return content;
  };
}

function load(options: LoadSettingsOptions = {}) {
  return loadSettings({ environment: {}, readFile: withFiles({}), ...options });
}

function problemsOf(options: LoadSettingsOptions): readonly string[] {
  try {
    load(options);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

function effective(options: LoadSettingsOptions, name: string) {
  return load(options).effective.find((one) => one.name === name);
}

describe("loadSettings", () => {
  it("gives the documented defaults when nothing is set", () => {
    const settings = load();
    expect(settings.fleet).toEqual({ name: "lastknown", partitions: 16, maxFutureSkewMicros: 300_000_000 });
    expect(settings.kafka.brokers).toEqual(["127.0.0.1:9092"]);
    expect(settings.kafka.tls).toBeUndefined();
    expect(settings.kafka.sasl).toBeUndefined();
    expect(settings.worker.commitIntervalMs).toBe(500);
    expect(settings.query.port).toBe(8080);
    expect(settings.operations.port).toBe(9464);
    expect(settings.topics.auditRetentionMs).toBeUndefined();
  });

  it("lets a flag win over the environment, that over the file, and that over the default", () => {
    const file = { "c.json": JSON.stringify({ fleet: "from-file", partitions: 32, "log-level": "debug" }) };
    const settings = load({
      flags: { fleet: "from-flag", config: "c.json" },
      environment: { LASTKNOWN_FLEET: "from-environment", LASTKNOWN_PARTITIONS: "64" },
      readFile: withFiles(file),
    });
    expect(settings.fleet.name).toBe("from-flag");
    expect(settings.fleet.partitions).toBe(64);
    expect(settings.log.level).toBe("debug");
    expect(settings.log.format).toBe("auto");
  });

  it("tells for each value where it was set", () => {
    const options = {
      flags: { fleet: "buses" },
      environment: { LASTKNOWN_PARTITIONS: "8", LASTKNOWN_CONFIG: "c.json" },
      readFile: withFiles({ "c.json": '{"view": "memory"}' }),
    };
    expect(effective(options, "fleet")).toEqual({ name: "fleet", text: "buses", source: "--fleet" });
    expect(effective(options, "partitions")?.source).toBe("LASTKNOWN_PARTITIONS");
    expect(effective(options, "view")?.source).toBe("view in c.json");
    expect(effective(options, "log-level")?.source).toBe("default");
  });

  it("names all that is wrong in one error with exit code 2", () => {
    const options = {
      flags: { fleet: "a{b}" },
      environment: { LASTKNOWN_PARTITIONS: "12", LASTKNOWN_QUERY_PORT: "http" },
    };
    expect(problemsOf(options)).toEqual([
      '--fleet "a{b}" must be letters, digits, ".", "_" or "-", at most 100 of them',
      'LASTKNOWN_PARTITIONS "12" must divide 256: 1, 2, 4, 8, 16, 32, 64, 128 or 256',
      'LASTKNOWN_QUERY_PORT "http" must be a whole number from 0 to 65535',
    ]);
    const error = new SettingsError(["x"]);
    expect(error.exitCode).toBe(exitCodes.usage);
    expect(describeError(error)).toContain("lastknown config");
  });

  it("counts an empty variable as not set", () => {
    expect(load({ environment: { LASTKNOWN_FLEET: "" } }).fleet.name).toBe("lastknown");
  });

  it("knows the port that Kubernetes sets by itself for a Service", () => {
    expect(problemsOf({ environment: { LASTKNOWN_QUERY_PORT: "tcp://10.0.0.1:8080" } })[0]).toMatch(
      /enableServiceLinks/,
    );
  });

  it("takes no commit interval by which the page would tell a broken budget while nothing is late", () => {
    expect(problemsOf({ flags: { "worker-commit-interval-ms": "1000" } })).toEqual([]);
    expect(problemsOf({ flags: { "worker-commit-interval-ms": "5000" } })).toEqual([
      '--worker-commit-interval-ms "5000" must be a whole number from 50 to 1000',
    ]);
  });

  it("takes a skew in seconds, or off", () => {
    expect(load({ flags: { "max-future-skew": "0" } }).fleet.maxFutureSkewMicros).toBe(0);
    expect(load({ flags: { "max-future-skew": "off" } }).fleet.maxFutureSkewMicros).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(problemsOf({ flags: { "max-future-skew": "1.5" } })).toHaveLength(1);
  });
});

describe("names that are not known", () => {
  it("are told for the file, with the name that was meant", () => {
    const readFile = withFiles({ "c.json": '{"kafka-broker": "a:1", "colour": 1}' });
    expect(problemsOf({ flags: { config: "c.json" }, readFile })).toEqual([
      "kafka-broker in c.json is no setting: did you mean kafka-brokers?",
      "colour in c.json is no setting",
    ]);
  });

  it("are told for variables", () => {
    const environment = {
      LASTKNOWN_KAFKA_BROKER: "a:1",
      LASTKNOWN_COLOUR: "red",
      LASTKNOWN_QUREY_PORT: "8081",
    };
    expect(problemsOf({ environment })).toEqual([
      "LASTKNOWN_KAFKA_BROKER is no setting: did you mean LASTKNOWN_KAFKA_BROKERS?",
      "LASTKNOWN_COLOUR is no setting",
      "LASTKNOWN_QUREY_PORT is no setting: did you mean LASTKNOWN_QUERY_PORT?",
    ]);
  });

  it("are let be where they are variables of our own tools, or what Kubernetes sets for Services", () => {
    const environment = {
      LASTKNOWN_STACK_DIRECTORY: "/x",
      LASTKNOWN_TEST_VIEW: "1",
      LASTKNOWN_SERVICE_HOST: "10.0.0.1",
      LASTKNOWN_REPLAYS_SERVICE_HOST: "10.0.0.1",
      LASTKNOWN_REPLAYS_SERVICE_PORT: "80",
      LASTKNOWN_REPLAYS_SERVICE_PORT_HTTP: "80",
      LASTKNOWN_REPLAYS_PORT: "tcp://10.0.0.1:80",
      LASTKNOWN_REPLAYS_PORT_80_TCP: "tcp://10.0.0.1:80",
      LASTKNOWN_REPLAYS_PORT_80_TCP_ADDR: "10.0.0.1",
    };
    expect(loadSettings({ environment }).fleet.name).toBe("lastknown");
  });

  it("are told for flags, so that a secret cannot be one", () => {
    expect(problemsOf({ flags: { "redis-password": "hunter2" } })).toEqual([
      "--redis-password is no setting: did you mean --redis-password-file?",
    ]);
  });
});

describe("the file of settings", () => {
  it("must hold one JSON object of plain values", () => {
    const readFile = withFiles({
      "list.json": "[]",
      "broken.json": "{",
      "deep.json": '{"fleet": {"name": "x"}}',
    });
    expect(problemsOf({ flags: { config: "list.json" }, readFile })).toEqual([
      "list.json must hold one JSON object",
    ]);
    expect(problemsOf({ flags: { config: "broken.json" }, readFile })).toEqual([
      "broken.json must hold one JSON object",
    ]);
    expect(problemsOf({ flags: { config: "deep.json" }, readFile })).toEqual([
      "fleet in deep.json must be text, a number, true, false or a list of them",
    ]);
    expect(problemsOf({ flags: { config: "none.json" }, readFile })).toEqual([
      "--config none.json cannot be read",
    ]);
  });

  it("takes numbers, booleans and lists as JSON has them", () => {
    const content = JSON.stringify({
      "kafka-brokers": ["a:1", "[::1]:2"],
      "accept-loss": true,
      partitions: 4,
    });
    const settings = load({ flags: { config: "c.json" }, readFile: withFiles({ "c.json": content }) });
    expect(settings.kafka.brokers).toEqual(["a:1", "[::1]:2"]);
    expect(settings.worker.acceptLoss).toBe(true);
    expect(settings.fleet.partitions).toBe(4);
  });
});

describe("secrets", () => {
  const login = { LASTKNOWN_KAFKA_SASL_MECHANISM: "scram-sha-512", LASTKNOWN_KAFKA_SASL_USERNAME: "worker" };

  it("are read from files, without the line end that editors leave", () => {
    const settings = load({
      environment: { ...login, LASTKNOWN_KAFKA_SASL_PASSWORD_FILE: "/run/secrets/kafka" },
      readFile: withFiles({ "/run/secrets/kafka": "hunter2\n" }),
    });
    expect(settings.kafka.sasl?.password.reveal()).toBe("hunter2");
  });

  it("are printed nowhere", () => {
    const environment = {
      ...login,
      LASTKNOWN_KAFKA_SASL_PASSWORD: "hunter2",
      LASTKNOWN_REDIS_PASSWORD: "hunter2",
      LASTKNOWN_REGISTRY_USERNAME: "worker",
      LASTKNOWN_REGISTRY_PASSWORD: "hunter2",
      LASTKNOWN_KAFKA_TLS: "on",
      LASTKNOWN_KAFKA_TLS_CERT: cert,
      LASTKNOWN_KAFKA_TLS_KEY: key,
    };
    const settings = load({ environment });
    expect(settings.redis.password?.reveal()).toBe("hunter2");
    const printed = [
      JSON.stringify(settings),
      inspect(settings, { depth: 10 }),
      `${String(settings.redis.password)}`,
    ];
    for (const text of printed) {
      expect(text).not.toContain("hunter2");
      expect(text).not.toContain("PRIVATE KEY");
    }
    expect(settings.effective.find(({ name }) => name === "redis-password")?.text).toBe("(set)");
  });

  it("go with a user, but for Redis's default one", () => {
    const problems = problemsOf({
      environment: { LASTKNOWN_REDIS_USERNAME: "worker", LASTKNOWN_REGISTRY_PASSWORD: "hunter2" },
    });
    expect(problems).toEqual([
      "LASTKNOWN_REDIS_PASSWORD is missing, though a user is set",
      "LASTKNOWN_REGISTRY_USERNAME is missing, though a password is set",
    ]);
    expect(problemsOf({ environment: { LASTKNOWN_REGISTRY_USERNAME: "worker" } })).toHaveLength(1);
    expect(load({ environment: { LASTKNOWN_REDIS_PASSWORD: "hunter2" } }).redis.username).toBeUndefined();
  });

  it("are not in the message about a wrong neighbour or a file that is empty", () => {
    const environment = {
      LASTKNOWN_REDIS_PASSWORD_FILE: "empty",
      LASTKNOWN_REGISTRY_URL: "http://u:hunter2@host:1",
    };
    const problems = problemsOf({ environment, readFile: withFiles({ empty: "\n" }) });
    expect(problems).toEqual([
      "LASTKNOWN_REDIS_PASSWORD_FILE empty is empty",
      "LASTKNOWN_REGISTRY_URL must not hold a user or password: those have settings of their own",
    ]);
  });

  it("are more than blanks", () => {
    const environment = { LASTKNOWN_REDIS_PASSWORD: "   ", LASTKNOWN_REGISTRY_PASSWORD_FILE: "blanks" };
    expect(problemsOf({ environment, readFile: withFiles({ blanks: " \t\n" }) })).toEqual([
      "LASTKNOWN_REDIS_PASSWORD must not be blanks alone",
      "LASTKNOWN_REGISTRY_PASSWORD_FILE must not be blanks alone",
    ]);
  });

  it("cannot be given twice in one place", () => {
    const environment = { LASTKNOWN_REDIS_PASSWORD: "a", LASTKNOWN_REDIS_PASSWORD_FILE: "b" };
    expect(problemsOf({ environment })).toEqual([
      "LASTKNOWN_REDIS_PASSWORD and LASTKNOWN_REDIS_PASSWORD_FILE exclude each other",
    ]);
  });

  it("given by a stronger source hide a weaker one's file", () => {
    const settings = load({
      flags: { "redis-password-file": "strong" },
      environment: { LASTKNOWN_REDIS_PASSWORD: "weak" },
      readFile: withFiles({ strong: "strong" }),
    });
    expect(settings.redis.password?.reveal()).toBe("strong");
  });
});

describe("settings that need each other", () => {
  it("are told where one is missing", () => {
    expect(problemsOf({ environment: { LASTKNOWN_KAFKA_SASL_MECHANISM: "plain" } })).toEqual([
      "LASTKNOWN_KAFKA_SASL_USERNAME is missing, though a mechanism is set",
      "LASTKNOWN_KAFKA_SASL_PASSWORD is missing, though a mechanism is set",
    ]);
    expect(problemsOf({ environment: { LASTKNOWN_REDIS_TLS_CA: cert } })).toEqual([
      "LASTKNOWN_REDIS_TLS must be on where certificates are set",
    ]);
    expect(problemsOf({ flags: { "worker-heartbeat-interval-ms": "5000" } })).toEqual([
      "--worker-heartbeat-interval-ms must be at most a third of worker-session-timeout-ms",
    ]);
  });

  it("say nothing where one of the section is wrong by itself", () => {
    const environment = {
      LASTKNOWN_KAFKA_SASL_MECHANISM: "kerberos",
      LASTKNOWN_KAFKA_SASL_USERNAME: "worker",
    };
    expect(problemsOf({ environment })).toEqual([
      'LASTKNOWN_KAFKA_SASL_MECHANISM "kerberos" must be plain, scram-sha-256 or scram-sha-512',
    ]);
  });
});
