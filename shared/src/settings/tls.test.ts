import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "@jest/globals";
import { loadSettings } from "./load-settings.js";
import { SettingsError } from "./settings-error.js";
import { makeTlsFixture } from "./tls-fixture.js";

const [ours, others] = [makeTlsFixture(), makeTlsFixture()];
const read = (path: string): string => readFileSync(path, "utf8");
const [cert, key] = [read(ours.certPath), read(ours.keyPath)];
const [otherCert, otherKey] = [read(others.certPath), read(others.keyPath)];
/** As a bundle of the system has them. */
const BUNDLE = `# one\n${cert}\n# another\n${otherCert}`;
/** Framed as a certificate, and none. */
const FRAMED = "-----BEGIN CERTIFICATE-----\nZ2FyYmFnZQ==\n-----END CERTIFICATE-----\n";

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadSettings({ environment });
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe("TLS settings", () => {
  afterAll(() => [ours, others].forEach((fixture) => fixture.remove()));

  test("take certificates and the key of ours, with its authorities behind it", () => {
    const environment = {
      LASTKNOWN_KAFKA_TLS: "on",
      LASTKNOWN_KAFKA_TLS_CA: BUNDLE,
      LASTKNOWN_KAFKA_TLS_CERT: `${cert}${otherCert}`,
      LASTKNOWN_KAFKA_TLS_KEY: key,
    };
    expect(problemsOf(environment)).toEqual([]);
    expect(loadSettings({ environment }).kafka.tls?.key?.reveal()).toBe(key);
  });

  test.each([
    ["no certificate", "TLS_CA", "garbage", "must be certificates in PEM"],
    ["one that cannot be read", "TLS_CA", FRAMED, "must be certificates in PEM: it cannot be read"],
    [
      "one among others",
      "TLS_CA",
      `${BUNDLE}${FRAMED}`,
      "must be certificates in PEM: number 3 of 3 cannot be read",
    ],
    ["half of one", "TLS_CERT", cert.slice(0, -30), "must be whole certificates in PEM: one has no end"],
    [
      "one without its end before another",
      "TLS_CA",
      `${cert.slice(0, 200)}\n${otherCert}`,
      "must be whole certificates in PEM: one has no end",
    ],
    [
      "a key among certificates",
      "TLS_CERT",
      `${cert}${key}`,
      "must hold certificates alone: the private key has a setting of its own",
    ],
    ["no key", "TLS_KEY", "garbage", "must be a private key in PEM"],
    ["a certificate for a key", "TLS_KEY", cert, "must be a private key in PEM"],
  ])("refuse %s, and show nothing of it", (_what, name, value, problem) => {
    for (const prefix of ["KAFKA", "REDIS", "REGISTRY"]) {
      const setting = `LASTKNOWN_${prefix}_${name}`;
      expect(problemsOf({ [`LASTKNOWN_${prefix}_TLS`]: "on", [setting]: value })).toEqual([
        `${setting} ${problem}`,
      ]);
    }
  });

  test("refuse a key with a passphrase, for which there is no setting", () => {
    const encrypt = ["pkcs8", "-topk8", "-in", ours.keyPath, "-passout", "pass:secret"];
    const encrypted = execFileSync("openssl", encrypt, { encoding: "utf8", stdio: "pipe" });
    expect(problemsOf({ LASTKNOWN_REDIS_TLS_CERT: cert, LASTKNOWN_REDIS_TLS_KEY: encrypted })).toEqual([
      "LASTKNOWN_REDIS_TLS_KEY must be a private key that is not encrypted: there is no setting for its passphrase",
    ]);
  });

  test("name all that is wrong, each by where it was set: another's key too", () => {
    const environment = {
      LASTKNOWN_KAFKA_TLS: "on",
      LASTKNOWN_KAFKA_TLS_CA: "garbage",
      LASTKNOWN_KAFKA_TLS_CERT: FRAMED,
      LASTKNOWN_KAFKA_TLS_KEY: "garbage",
      LASTKNOWN_REDIS_TLS: "on",
      LASTKNOWN_REDIS_TLS_CERT: cert,
      LASTKNOWN_REDIS_TLS_KEY_FILE: others.keyPath,
      LASTKNOWN_QUERY_PORT: "http",
    };
    expect(problemsOf(environment)).toEqual([
      "LASTKNOWN_KAFKA_TLS_CA must be certificates in PEM",
      "LASTKNOWN_KAFKA_TLS_CERT must be certificates in PEM: it cannot be read",
      "LASTKNOWN_KAFKA_TLS_KEY must be a private key in PEM",
      "LASTKNOWN_REDIS_TLS_KEY_FILE is not the key of redis-tls-cert",
      'LASTKNOWN_QUERY_PORT "http" must be a whole number from 0 to 65535',
    ]);
    const together = { ...environment, LASTKNOWN_REDIS_TLS_KEY: otherKey };
    expect(problemsOf(together)).toContain(
      "LASTKNOWN_REDIS_TLS_KEY and LASTKNOWN_REDIS_TLS_KEY_FILE exclude each other",
    );
  });
});
