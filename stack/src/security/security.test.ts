import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createAclsRequest, refusalIn } from "../servers/kafka-acls.js";
import { writeRedisSecurity } from "../servers/redis-security.js";
import { environmentOf, exportLines, SECURITY_VARIABLES } from "../stack-addresses.js";
import { layOut, portsNeeded, type StackForm } from "../stack-layout.js";
import { stackEnvironment } from "../stack-status.js";
import { startStack } from "../start-stack.js";
import { StateFile } from "../state-file.js";
import { makeCertificate } from "./certificates.js";
import { makeSecurity } from "./make-security.js";
import { type Login, LOGINS, PRINCIPALS, rightsOf } from "./rights.js";
import { SecurityFolder } from "./security-folder.js";

const FORM: StackForm = { brokers: 3, redisNodes: 3, security: { fleet: "f" } };
const layout = layOut(
  FORM,
  Array.from({ length: portsNeeded(FORM) }, (_, index) => index + 1),
);
const DAY_MS = 86_400_000;

describe("what a secured stack is made of", () => {
  let directory: string;
  let folder: SecurityFolder;
  const certificate = (name: string): X509Certificate =>
    new X509Certificate(readFileSync(folder.certificateFile(name)));

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "lastknown-security-"));
    folder = new SecurityFolder(directory);
    await makeSecurity(directory, layout);
    for (const node of layout.redis) writeRedisSecurity(directory, node, { fleet: "f" });
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it("has for each server a certificate of its own authority, for this machine alone", () => {
    const authority = new X509Certificate(readFileSync(folder.authorityFile));
    for (const name of ["kafka-1", "kafka-3", "registry", "redis-2"]) {
      const { subject, subjectAltName } = certificate(name);
      expect([subject, subjectAltName]).toEqual([`CN=${name}`, "IP Address:127.0.0.1"]);
      expect(certificate(name).verify(authority.publicKey)).toBe(true);
    }
    expect(certificate("kafka-1").serialNumber).not.toBe(certificate("kafka-2").serialNumber);
  });

  it("lets nobody but its owner read a key, a password or what holds one", () => {
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const passwords = passwordsIn(folder);
    expect(passwords.size).toBe(LOGINS.length + 5 + 4);
    const open = readdirSync(folder.path).filter((name) => {
      const text = readFileSync(join(folder.path, name), "utf8");
      const isSecret = text.includes("PRIVATE KEY") || [...passwords].some((word) => text.includes(word));
      return isSecret && (statSync(join(folder.path, name)).mode & 0o777) !== 0o600;
    });
    expect(open).toEqual([]);
  });

  it("keeps authority and passwords at the next start, and renews the certificates", async () => {
    const passwords = passwordsIn(folder);
    const [authority, before] = [readFileSync(folder.authorityFile, "utf8"), certificate("kafka-1")];
    await makeSecurity(directory, layout);
    expect(passwordsIn(folder)).toEqual(passwords);
    expect(readFileSync(folder.authorityFile, "utf8")).toBe(authority);
    expect(certificate("kafka-1").serialNumber).not.toBe(before.serialNumber);
  });

  it("makes a certificate that has expired where a test asks for one", async () => {
    await makeCertificate(folder, "late", -1);
    expect(Date.parse(certificate("late").validTo)).toBeLessThan(Date.now() - DAY_MS / 2);
  });

  it("knows users of Redis by their hashes alone, and nobody without a login", () => {
    const users = readFileSync(join(folder.path, "redis-1.acl"), "utf8");
    expect(users).toMatch(/^user default off resetpass /m);
    expect(users).toMatch(/^user query #[0-9a-f]{64} on resetchannels %R~f\{\* -@all \+/m);
    for (const password of passwordsIn(folder)) expect(users).not.toContain(password);
  });

  it("names passwords to the product by their files, and no more than a principal has", () => {
    const environments = LOGINS.map((login) => environmentOf(directory, layout, { login }));
    for (const environment of environments) {
      expect(environment).toMatchObject({ LASTKNOWN_KAFKA_TLS: "on", LASTKNOWN_FLEET: "f" });
      const printed = exportLines(environment);
      for (const password of passwordsIn(folder)) expect(printed).not.toContain(password);
    }
    expect(environments[0]).not.toHaveProperty("LASTKNOWN_REDIS_USERNAME");
    expect(environments[2]).not.toHaveProperty("LASTKNOWN_REGISTRY_USERNAME");
    expect(environments[4]).toMatchObject({ LASTKNOWN_REDIS_USERNAME: "admin" });
    const beside = Object.keys(environments[4] ?? {}).filter((name) => /_(TLS|SASL|USER|PASS)/.test(name));
    expect(beside.toSorted()).toEqual([...SECURITY_VARIABLES].toSorted());
  });

  it("is trusted by others than Node, too", () => {
    const args = ["verify", "-CAfile", folder.authorityFile, folder.certificateFile("redis-1")];
    expect(execFileSync("openssl", args).toString()).toMatch(/OK$/m);
  });
});

describe("the shell lines of a stack", () => {
  const tuning = { kafkaHeapMb: 256, quickJit: true, redisNodeTimeoutMs: 2000 };
  const linesOf = (form: StackForm, login?: Login): string => {
    const directory = mkdtempSync(join(tmpdir(), "lastknown-env-"));
    const ports = Array.from({ length: portsNeeded(form) }, (_, index) => index + 1);
    const state = {
      version: 1,
      layout: layOut(form, ports),
      ...tuning,
      formatted: true,
      servers: {},
    } as const;
    try {
      new StateFile(directory).write(state);
      return stackEnvironment(directory, login);
    } finally {
      rmSync(directory, { recursive: true });
    }
  };

  it("take back what a secured one has set before, where this one is not secured", () => {
    const count = `grep -cE '^LASTKNOWN_[A-Z]+_(TLS|SASL|USERNAME|PASSWORD)'`;
    const shell = `eval "$1"; eval "$2"; printenv | ${count} || true`;
    const env = { PATH: process.env["PATH"] };
    const left = (second: string): string =>
      execFileSync("sh", ["-c", shell, "sh", linesOf(FORM), second], { env })
        .toString()
        .trim();
    expect(left("")).toBe(String(SECURITY_VARIABLES.length));
    expect(left(linesOf({ brokers: 1, redisNodes: 3 }))).toBe("0");
  });

  it("are those of one login where one is named, which servers without logins refuse", () => {
    expect(linesOf(FORM, "replay")).toContain("unset LASTKNOWN_REDIS_USERNAME LASTKNOWN_REDIS_PASSWORD_FILE");
    expect(linesOf(FORM, "query")).toContain("LASTKNOWN_REDIS_USERNAME='query'");
    expect(() => linesOf({ brokers: 1, redisNodes: 3 }, "query")).toThrow(/take no logins/);
  });
});

describe("a secured stack's data", () => {
  it.each([
    ["servers in the clear", {}, "with --secure --fleet f"],
    ["another fleet's users", { security: { fleet: "other" } }, "with --secure --fleet f"],
  ])("are not started as %s", async (_what, options, told) => {
    const directory = mkdtempSync(join(tmpdir(), "lastknown-secured-data-"));
    const tuning = { kafkaHeapMb: 256, quickJit: true, redisNodeTimeoutMs: 2000 };
    new StateFile(directory).write({ version: 1, layout, ...tuning, formatted: true, servers: {} });
    const started = startStack({
      directory,
      temporary: false,
      brokers: 3,
      redisNodes: 3,
      onProgress: () => undefined,
      ...options,
    });
    await expect(started).rejects.toMatchObject({ code: "usage", message: expect.stringContaining(told) });
    rmSync(directory, { recursive: true });
  });
});

describe("the rights", () => {
  it("are of one fleet, and no principal has a right twice", () => {
    expect(rightsOf("f").map(({ principal }) => principal)).toEqual([...PRINCIPALS]);
    for (const { kafka, redis } of rightsOf("f")) {
      const named = kafka.map(({ resource, name, operation }) => `${resource} ${name} ${operation}`);
      expect(new Set(named).size).toBe(named.length);
      for (const { name } of kafka) expect(name).toMatch(/^f\.(events|audit|dlq|worker)$/);
      expect(redis?.pattern ?? "f{*").toBe("f{*");
    }
  });

  it("let a query service and a replay change nothing but the events", () => {
    const of = (who: string) => rightsOf("f").find(({ principal }) => principal === who);
    expect(of("query")?.kafka.map(({ operation }) => operation)).not.toContain("Write");
    expect(of("query")?.redis?.keys).toBe("read");
    const written = of("replay")?.kafka.filter(({ operation }) => operation === "Write");
    expect(written?.map(({ name }) => name)).toEqual(["f.events"]);
  });
});

describe("a CreateAcls request", () => {
  it("begins as the protocol has it", () => {
    expect(createAclsRequest([Buffer.from("ff", "hex")]).toString("hex")).toBe(
      `001e000100000001000f${Buffer.from("lastknown-stack").toString("hex")}00000001ff`,
    );
  });

  it("is answered with the first refusal, if any", () => {
    const answer = (results: string): Buffer => Buffer.from(`00000001000000000000000${results}`, "hex");
    expect(refusalIn(answer("20000ffff0000ffff"))).toBeUndefined();
    expect(refusalIn(answer(`20000ffff002a0002${"6e6f"}`))).toBe("error 42 no");
  });
});

function passwordsIn(folder: SecurityFolder): Set<string> {
  const files = readdirSync(folder.path).filter((name) => name.endsWith(".password"));
  return new Set(files.map((name) => readFileSync(join(folder.path, name), "utf8")));
}
