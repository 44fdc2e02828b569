import { EventEmitter } from "node:events";
import { expect, test } from "@jest/globals";
import { silentLogger } from "@lastknown/shared";
import type { Cluster } from "ioredis";
import { StatesUnavailableError } from "../state-store.js";
import { RedisStateStore } from "./redis-state-store.js";

const UPDATE = { bucket: 0, expectedProgress: 0, progress: 1, states: [] };

/** ioredis's client as far as a store needs it, and what it was given. */
class AwayCluster extends EventEmitter {
  status = "reconnecting";
  readonly slots: string[][] = [];
  given = 0;

  defineCommand(): void {
    // Nothing is called.
  }

  get(): Promise<string> {
    this.given++;
    return Promise.resolve("7");
  }

  nodes(): object[] {
    return [];
  }

  lastknownUpsert(): Promise<[number, number]> {
    this.given++;
    return Promise.resolve([0, 0]);
  }
}

test("gives ioredis nothing while the cluster is away, as it would keep all of it", async () => {
  const cluster = new AwayCluster();
  const store = new RedisStateStore({
    redis: cluster as unknown as Cluster,
    fleet: "test",
    logger: silentLogger,
    deadlineMs: 10,
    replicaWaitMs: 0,
    noReplica: "heal",
    onUnprotected: () => undefined,
  });
  for (let attempt = 0; attempt < 3; attempt++) {
    await expect(store.apply([UPDATE])).rejects.toThrow(StatesUnavailableError);
    await expect(store.progress([0])).rejects.toThrow(StatesUnavailableError);
  }
  expect([cluster.given, cluster.listenerCount("ready")]).toEqual([0, 0]);

  const applied = store.apply([UPDATE]);
  cluster.status = "ready";
  cluster.emit("ready");
  await expect(applied).resolves.toEqual([{ kind: "applied", written: 0 }]);
  await expect(store.progress([0])).resolves.toEqual(new Map([[0, 7]]));
});
