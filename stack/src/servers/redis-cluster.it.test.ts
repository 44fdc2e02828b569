import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, jest } from "@jest/globals";
import { freePorts } from "../free-ports.js";
import { Reaper } from "../lifetime/reaper.js";
import { prepareServers } from "../prepare-servers.js";
import { layOut, portsNeeded, type StackState } from "../stack-layout.js";
import { StateFile } from "../state-file.js";
import { stopStack } from "../stop-stack.js";
import { redisCommand } from "./redis-commands.js";
import { ServerFiles } from "./server-files.js";
import { startOne, startRedis } from "./start-servers.js";

jest.setTimeout(60_000);

// Alone, for beside Kafka the cluster has all the time of Kafka's start to settle.
it("a new Redis Cluster has its replicas linked, and each node knows them, when its start resolves", async () => {
  const directory = await mkdtemp(join(tmpdir(), "lastknown-redis-test-"));
  const guard = new Reaper({ directory, removeDirectory: true, watched: null });
  try {
    const form = { brokers: 1, redisNodes: 6 } as const;
    const layout = layOut(form, await freePorts(portsNeeded(form)));
    const tuning = { kafkaHeapMb: 256, quickJit: true, redisNodeTimeoutMs: 2000 };
    const state: StackState = { version: 1, layout, ...tuning, formatted: false, servers: {} };
    const stateFile = new StateFile(directory);
    stateFile.write(state);
    const { tools, jars } = await prepareServers(() => undefined);
    const files = new ServerFiles(directory, tools, jars);
    for (const { name } of layout.redis) startOne(stateFile, files, name);

    await startRedis(stateFile);
    for (const { port, replicaOf } of layout.redis) {
      const replication = await redisCommand(port, ["INFO", "replication"], 2_000);
      expect(replication).toContain(replicaOf === null ? "connected_slaves:1" : "master_link_status:up");
      const view = await redisCommand(port, ["CLUSTER", "NODES"], 2_000);
      expect(view.match(/ (myself,)?slave /g)).toHaveLength(3);
      expect(await redisCommand(port, ["CLUSTER", "INFO"], 2_000)).toContain("cluster_state:ok");
    }
  } finally {
    await stopStack(directory, { quick: true });
    await guard.release();
    await rm(directory, { recursive: true, force: true });
  }
});
