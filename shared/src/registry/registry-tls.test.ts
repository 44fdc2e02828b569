import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { createServer as createPlainServer } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { loadSettings } from "../settings/index.js";
import { makeTlsFixture, type TlsFixture } from "../settings/tls-fixture.js";
import { ConfluentSchemaRegistry } from "./confluent-schema-registry.js";
import { RegistryUnavailableError } from "./registry-errors.js";

const TEXT = '{"type":"record","name":"R","fields":[]}';
const ANSWER = { compatibilityLevel: "FULL_TRANSITIVE", id: 7, schema: TEXT };

describe("ConfluentSchemaRegistry over TLS", () => {
  let tls: TlsFixture;
  let server: Server;
  beforeAll(async () => {
    tls = makeTlsFixture();
    const pem = { cert: readFileSync(tls.certPath), key: readFileSync(tls.keyPath) };
    server = createServer(pem, (_request, response) => response.writeHead(200).end(JSON.stringify(ANSWER)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    tls.remove();
  });

  function open(environment: Record<string, string>): ConfluentSchemaRegistry {
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new ConfluentSchemaRegistry(
      loadSettings({ flags: { "registry-url": url }, environment }).registry,
    );
  }

  it("trusts the authority that the settings name, for questions and for registrations", async () => {
    const registry = open({ LASTKNOWN_REGISTRY_TLS: "on", LASTKNOWN_REGISTRY_TLS_CA_FILE: tls.certPath });
    expect(await registry.latest("s")).toEqual({ id: 7, text: TEXT });
    expect(await registry.register("s", TEXT)).toBe(7);
  });

  it("is told from one that is away where only one side speaks TLS, with the setting to change", async () => {
    const { port } = server.address() as AddressInfo;
    const at = (url: string) =>
      new ConfluentSchemaRegistry(loadSettings({ flags: { "registry-url": url }, environment: {} }).registry);
    await expect(at(`http://127.0.0.1:${port}`).latest("s")).rejects.toMatchObject({
      fix: expect.stringContaining("begin with https://"),
    });
    const plain = createPlainServer((_request, response) => response.end("{}"));
    await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
    const { port: plainPort } = plain.address() as AddressInfo;
    await expect(at(`https://127.0.0.1:${plainPort}`).latest("s")).rejects.toMatchObject({
      fix: expect.stringContaining("begin with http://"),
    });
    await new Promise((resolve) => plain.close(resolve));
  });

  it("trusts nobody else", async () => {
    await expect(open({}).latest("s")).rejects.toBeInstanceOf(RegistryUnavailableError);
    await expect(open({}).register("s", TEXT)).rejects.toThrow(/self-signed certificate/);
  });
});
