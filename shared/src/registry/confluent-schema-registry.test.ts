import { afterEach, describe, expect, it } from "@jest/globals";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { loadSettings } from "../settings/index.js";
import { ConfluentSchemaRegistry } from "./confluent-schema-registry.js";
import { IncompatibleSchemaError, RegistryUnavailableError, UnknownSchemaError } from "./registry-errors.js";
import type { SchemaRegistry } from "./schema-registry.js";

const TIMEOUT_MS = 200;
/** Three requests, and time for a slow machine. */
const CALL_MS_MAX = 3 * TIMEOUT_MS + 1000;
const TEXT = '{"type":"record","name":"R","fields":[]}';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function open(url: string, environment: Record<string, string> = {}): SchemaRegistry {
  const flags = { "registry-url": url, "registry-request-timeout-ms": String(TIMEOUT_MS) };
  return new ConfluentSchemaRegistry(loadSettings({ flags, environment }).registry);
}

type Answer = { status: number; body: string };

/** A registry that answers by method and path; anything else is a 404 of its own kind. */
async function fakeRegistry(answers: Record<string, Answer>, seen: string[] = []): Promise<string> {
  const listener: RequestListener = (request, response) => {
    const asked = `${request.method} ${request.url}`;
    seen.push(request.headers.authorization ?? asked);
    const answer = answers[asked] ?? { status: 404, body: '{"error_code":404,"message":"no such path"}' };
    request.resume().on("end", () => response.writeHead(answer.status).end(answer.body));
  };
  return await listen(createHttpServer(listener));
}

const everyCall: [string, (registry: SchemaRegistry) => Promise<unknown>][] = [
  ["textById", (registry) => registry.textById(1)],
  ["latest", (registry) => registry.latest("s")],
  ["requireCompatibility", (registry) => registry.requireCompatibility("s")],
  ["register", (registry) => registry.register("s", TEXT)],
];

const level = {
  status: 200,
  body: '{"compatibility":"FULL_TRANSITIVE","compatibilityLevel":"FULL_TRANSITIVE"}',
};
const compatible = { "PUT /config/s": level, "GET /config/s": level };

async function expectUnavailable(call: Promise<unknown>): Promise<void> {
  const startMs = Date.now();
  await expect(call).rejects.toBeInstanceOf(RegistryUnavailableError);
  expect(Date.now() - startMs).toBeLessThan(CALL_MS_MAX);
}

describe.each(everyCall)("%s", (_name, call) => {
  it("tells a refused connection as a registry that is not there", async () => {
    const url = await listen(createTcpServer());
    for (const close of closers.splice(0)) await close();
    await expectUnavailable(call(open(url)));
  });

  it("ends within the time-out where the registry accepts and stays silent", async () => {
    await expectUnavailable(call(open(await listen(createTcpServer()))));
  });

  it("ends within the time-out where an answer stops halfway", async () => {
    const halfway = createTcpServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"schema":');
    });
    await expectUnavailable(call(open(await listen(halfway))));
  });

  it.each([
    ["a proxy's page", { status: 404, body: "<html>not found</html>" }],
    ["a 404 of another kind", { status: 404, body: '{"error_code":404}' }],
    ["a fault of the server", { status: 500, body: '{"error_code":40403}' }],
    ["a wrong password", { status: 401, body: '{"error_code":40403}' }],
    ["JSON that is no schema", { status: 200, body: "{}" }],
  ])("does not take %s for an answer", async (_case, answer) => {
    const paths = ["GET /schemas/ids/1", "GET /subjects/s/versions/latest", "PUT /config/s"];
    const url = await fakeRegistry(Object.fromEntries(paths.map((path) => [path, answer])));
    await expectUnavailable(call(open(url)));
  });
});

describe("ConfluentSchemaRegistry", () => {
  it.each([
    [400, '{"error_code":40403,"message":"x"}'],
    [404, '{"error_code":40401,"message":"x"}'],
    [503, '{"error_code":50301,"message":"x"}'],
  ])(
    "tells a registration that ends with %d as a fault, since its client says so of a dead registry",
    async (status, body) => {
      const url = await fakeRegistry({ ...compatible, "POST /subjects/s/versions": { status, body } });
      await expectUnavailable(open(url).register("s", TEXT));
    },
  );

  it.each([
    ["stops halfway", () => undefined],
    ["breaks off halfway", (socket: Socket) => socket.destroy()],
  ])("ends a registration within the time-out where only its own answer %s", async (_case, end) => {
    const server = createHttpServer((request, response) => {
      if (request.method !== "POST") response.writeHead(200).end(level.body);
      else
        response
          .writeHead(200, { "content-length": 100 })
          .write('{"id":', () => end(response.socket as Socket));
    });
    await expectUnavailable(open(await listen(server)).register("s", TEXT));
  });

  it("tells a refusal from a fault", async () => {
    const refused = { status: 409, body: '{"error_code":409,"message":"Incompatible artifact"}' };
    const url = await fakeRegistry({ ...compatible, "POST /subjects/s/versions": refused });
    await expect(open(url).register("s", TEXT)).rejects.toBeInstanceOf(IncompatibleSchemaError);
    await expect(open(url).register("s", '{"type":"nonsense"}')).rejects.toMatchObject({
      name: "FatalError",
    });
  });

  it("sets and verifies the compatibility before the first registration, once", async () => {
    const seen: string[] = [];
    const registered = { status: 200, body: '{"id":7}' };
    const url = await fakeRegistry({ ...compatible, "POST /subjects/s/versions": registered }, seen);
    const registry = open(url);
    expect(await registry.register("s", TEXT)).toBe(7);
    expect(await registry.register("s", TEXT)).toBe(7);
    const registration = ["GET /config/s", "POST /subjects/s/versions"];
    expect(seen).toEqual(["PUT /config/s", "GET /config/s", ...registration, ...registration]);
  });

  it("does not register where the registry keeps another compatibility", async () => {
    const seen: string[] = [];
    const kept = { status: 200, body: '{"compatibilityLevel":"NONE"}' };
    const url = await fakeRegistry({ "PUT /config/s": level, "GET /config/s": kept }, seen);
    await expectUnavailable(open(url).register("s", TEXT));
    expect(seen).toEqual(["PUT /config/s", "GET /config/s"]);
  });

  it("asks once for an id, however many ask at a time, and again for each later question", async () => {
    const seen: string[] = [];
    const answers: Record<string, Answer> = { "GET /schemas/ids/1": { status: 500, body: "{}" } };
    const registry = open(await fakeRegistry(answers, seen));
    await expectUnavailable(registry.textById(1));
    answers["GET /schemas/ids/1"] = { status: 200, body: JSON.stringify({ schema: TEXT }) };
    expect(await Promise.all([registry.textById(1), registry.textById(1)])).toEqual([TEXT, TEXT]);
    expect(seen).toHaveLength(2);
    answers["GET /schemas/ids/1"] = { status: 404, body: '{"error_code":40403}' };
    await expect(registry.textById(1)).rejects.toBeInstanceOf(UnknownSchemaError);
  });

  it.each(["", "<html>", '{"type":"rec'])(
    "does not take %j for the text of an Avro schema",
    async (schema) => {
      const answer = { status: 200, body: JSON.stringify({ schema }) };
      const url = await fakeRegistry({ "GET /schemas/ids/1": answer });
      await expectUnavailable(open(url).textById(1));
    },
  );

  it("gives the text of a schema of another kind, which is no JSON", async () => {
    const other = { schemaType: "PROTOBUF", schema: 'syntax = "proto3";' };
    const answer = { status: 200, body: JSON.stringify(other) };
    const url = await fakeRegistry({ "GET /schemas/ids/1": answer });
    expect(await open(url).textById(1)).toBe(other.schema);
  });

  it("takes only 404 with 40403 for an unknown schema", async () => {
    const url = await fakeRegistry({ "GET /schemas/ids/1": { status: 404, body: '{"error_code":40403}' } });
    await expect(open(url).textById(1)).rejects.toBeInstanceOf(UnknownSchemaError);
  });

  it("logs in on every request, and shows its password in no error", async () => {
    const seen: string[] = [];
    const url = await fakeRegistry(
      { ...compatible, "POST /subjects/s/versions": { status: 200, body: '{"id":7}' } },
      seen,
    );
    const registry = open(url, {
      LASTKNOWN_REGISTRY_USERNAME: "worker",
      LASTKNOWN_REGISTRY_PASSWORD: "hunter2",
    });
    await registry.register("s", TEXT);
    expect(new Set(seen)).toEqual(new Set([`Basic ${Buffer.from("worker:hunter2").toString("base64")}`]));
    await expect(registry.textById(1)).rejects.not.toThrow(/hunter2/);
  });
});
