import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { exitCodes } from "../errors/index.js";
import { silentLogger } from "../logging/index.js";
import { loadSettings, type RedisSettings } from "../settings/index.js";
import { makeTlsFixture, type TlsFixture } from "../settings/tls-fixture.js";
import { connectRedis } from "./connect-redis.js";
import { startSecuredRedis, type SecuredRedis } from "./secured-redis-fixture.js";
import { waitUntilReady } from "./wait-until-ready.js";

describe("a cluster with TLS and users", () => {
  let tls: TlsFixture;
  let secured: SecuredRedis | undefined;
  beforeAll(async () => {
    tls = makeTlsFixture();
    secured = await startSecuredRedis(tls, readFileSync(tls.certPath, "utf8"));
  }, 20_000);
  afterAll(async () => {
    await secured?.stop();
    tls.remove();
  });

  function settingsWith(environment: Record<string, string>): RedisSettings {
    if (secured === undefined) throw new Error("the server was not started");
    const flags = { "redis-nodes": `127.0.0.1:${secured.port}` };
    const login = { LASTKNOWN_REDIS_USERNAME: secured.username, LASTKNOWN_REDIS_PASSWORD: secured.password };
    return loadSettings({ flags, environment: { ...login, ...environment } }).redis;
  }
  const trusted = () => ({ LASTKNOWN_REDIS_TLS: "on", LASTKNOWN_REDIS_TLS_CA_FILE: tls.certPath });

  it("is reached with the user, password and authority of the settings", async () => {
    const settings = settingsWith(trusted());
    const redis = connectRedis(settings, silentLogger);
    await waitUntilReady(redis, settings);
    await redis.set("key", "value");
    expect(await redis.get("key")).toBe("value");
    redis.disconnect();
  });

  it.each([
    ["a wrong password", () => ({ ...trusted(), LASTKNOWN_REDIS_PASSWORD: "swordfish" }), /WRONGPASS/],
    ["an authority that we do not trust", () => ({ LASTKNOWN_REDIS_TLS: "on" }), /self-signed certificate/],
  ])(
    "is told to refuse us for %s, long before the deadline, with the reason and without the password",
    async (_case, environment, reason) => {
      const settings = settingsWith(environment());
      const redis = connectRedis(settings, silentLogger);
      const startedMs = performance.now();
      const error: unknown = await waitUntilReady(redis, settings).catch((caught: unknown) => caught);
      redis.disconnect();
      expect(performance.now() - startedMs).toBeLessThan(settings.readyDeadlineMs / 2);
      // Not a RedisUnavailableError, which would be waited for.
      expect(error).toMatchObject({ name: "FatalError", exitCode: exitCodes.unreachable });
      expect(error).toMatchObject({ message: expect.stringMatching(reason) });
      expect(inspect(error, { depth: 10 })).not.toMatch(/swordfish|hunter2/);
    },
  );
});
