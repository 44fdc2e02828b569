import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import type { TlsFixture } from "../settings/tls-fixture.js";

/** A cluster of one node that takes TLS only, and knows the user `worker` alone. */
export interface SecuredRedis {
  readonly port: number;
  readonly username: string;
  readonly password: string;
  stop(): Promise<void>;
}

/** Debian's redis-tools holds the server under the name of its checker. */
const BINARIES = ["redis-server", "redis-check-rdb"];
const ATTEMPTS_MAX = 200;
const ATTEMPT_PAUSE_MS = 25;
const username = "worker";
const password = "hunter2";

export async function startSecuredRedis(tls: TlsFixture, cert: string): Promise<SecuredRedis> {
  const port = await freePort();
  const configPath = join(tls.directory, "redis.conf");
  writeFileSync(configPath, configuration(tls, port, await freePort()));
  const server = await spawnRedis(configPath);
  const stop = async (): Promise<void> => {
    const exited = server.exitCode !== null || once(server, "exit");
    server.kill("SIGKILL");
    await exited;
  };
  try {
    await assignSlots(port, cert);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, username, password, stop };
}

function configuration(tls: TlsFixture, port: number, clusterPort: number): string {
  return `
    bind 127.0.0.1
    port 0
    tls-port ${port}
    tls-cert-file ${tls.certPath}
    tls-key-file ${tls.keyPath}
    tls-ca-cert-file ${tls.certPath}
    tls-auth-clients no
    tls-cluster yes
    cluster-enabled yes
    cluster-port ${clusterPort}
    cluster-announce-ip 127.0.0.1
    dir ${tls.directory}
    logfile redis.log
    save ""
    user default off
    user ${username} on >${password} ~* &* +@all
  `;
}

async function spawnRedis(configPath: string): Promise<ChildProcess> {
  for (const binary of BINARIES) {
    const server = spawn(binary, [configPath], { argv0: "redis-server", stdio: "ignore" });
    const isThere = await new Promise((resolve) => {
      server.once("spawn", () => resolve(true));
      server.once("error", () => resolve(false));
    });
    if (isThere === true) return server;
  }
  throw new Error("redis-server is needed for this test: install redis-tools");
}

async function assignSlots(port: number, cert: string): Promise<void> {
  const retryStrategy = (times: number): number | null => (times > ATTEMPTS_MAX ? null : ATTEMPT_PAUSE_MS);
  const node = new Redis({ host: "127.0.0.1", port, username, password, tls: { ca: cert }, retryStrategy });
  node.on("error", () => undefined);
  try {
    await node.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      if (String(await node.cluster("INFO")).includes("cluster_state:ok")) return;
      await pause(ATTEMPT_PAUSE_MS);
    }
    throw new Error("the secured node does not serve its slots");
  } finally {
    node.disconnect();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
