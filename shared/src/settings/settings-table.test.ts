import { describe, expect, it } from "@jest/globals";
import { allSettings, settingsTable } from "./settings.js";
import { Problem } from "./setting.js";

describe("settingsTable", () => {
  it("has the names that the design fixes", () => {
    const names = settingsTable.map(({ environment }) => environment);
    for (const fixed of [
      "KAFKA_BROKERS",
      "REDIS_NODES",
      "REGISTRY_URL",
      "QUERY_PORT",
      "OPERATIONS_PORT",
      "FLEET",
    ]) {
      expect(names).toContain(`LASTKNOWN_${fixed}`);
    }
  });

  it("names each setting, flag and variable once", () => {
    const names = settingsTable.flatMap((row) => [
      row.flag,
      row.environment,
      row.environmentFile ?? row.name,
    ]);
    expect(new Set(names).size).toBe(names.length);
  });

  it("has a default that its own parser takes, and a meaning", () => {
    for (const setting of allSettings) {
      expect([setting.name, setting.parse(setting.default)]).not.toContainEqual(expect.any(Problem));
      expect(setting.doc.length).toBeGreaterThan(10);
    }
  });

  it("names the unit of each time and size in its name and its meaning", () => {
    for (const { name, doc } of settingsTable) {
      if (name.endsWith("-ms")) expect(doc).toMatch(/\bms\b/);
      if (name.endsWith("-bytes-max")) expect(doc).toMatch(/bytes/);
    }
  });

  it("gives secrets no flag but that of a file", () => {
    const secrets = settingsTable.filter(({ secret }) => secret);
    expect(secrets.map(({ flag }) => flag)).toEqual([
      "--kafka-sasl-password-file",
      "--kafka-tls-key-file",
      "--redis-password-file",
      "--redis-tls-key-file",
      "--registry-password-file",
      "--registry-tls-key-file",
    ]);
  });
});
