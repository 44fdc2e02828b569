import { connectRedis, loadSettings, RedisKeys, silentLogger, waitUntilReady } from "@lastknown/shared";

/** All keys of one node with what they hold, as Redis writes them into a backup. */
export type NodeBackup = ReadonlyMap<string, Buffer>;

const SCAN_COUNT = 1000;

/** A Redis Cluster of the test's own that loses what it had, or whose replicas hang. */
export class ForgetfulRedis {
  readonly #cluster: ReturnType<typeof connectRedis>;

  private constructor(cluster: ReturnType<typeof connectRedis>) {
    this.#cluster = cluster;
  }

  static async connect(environment: NodeJS.ProcessEnv): Promise<ForgetfulRedis> {
    const { redis } = loadSettings({ environment });
    const cluster = connectRedis(redis, silentLogger);
    await waitUntilReady(cluster, redis);
    return new ForgetfulRedis(cluster);
  }

  get masters(): number {
    return this.#cluster.nodes("master").length;
  }

  /** Empties one master, and its replica with it. */
  async empty(master: number): Promise<void> {
    await this.#master(master).flushall();
  }

  async backUp(master: number): Promise<NodeBackup> {
    const node = this.#master(master);
    const backup = new Map<string, Buffer>();
    for await (const keys of node.scanStream({ count: SCAN_COUNT })) {
      for (const key of keys as string[]) {
        const dump = await node.dumpBuffer(key);
        if (dump !== null) backup.set(key, dump);
      }
    }
    return backup;
  }

  /** Puts a master back to what it was then, each bucket in one step. */
  async restore(master: number, backup: NodeBackup): Promise<void> {
    const node = this.#master(master);
    const buckets = new Set([...backup.keys()].map(hashTagOf));
    await node.flushall();
    for (const bucket of buckets) {
      const transaction = node.multi();
      for (const [key, dump] of backup) {
        if (hashTagOf(key) === bucket) transaction.restore(key, 0, dump, "REPLACE");
      }
      await transaction.exec();
    }
  }

  /** Sets the progress of a bucket back to a share of what it is, and leaves the states as they are. */
  async setBack(fleet: string, bucket: number, share: number): Promise<void> {
    const key = new RedisKeys(fleet).progress(bucket);
    const progress = Number(await this.#cluster.get(key));
    await this.#cluster.set(key, Math.floor(progress * share));
  }

  /** Stops all replicas, or lets them go on: those are processes of the test's own stack. */
  async signalReplicas(signal: "SIGSTOP" | "SIGCONT", pids?: readonly number[]): Promise<readonly number[]> {
    const stopped =
      pids ??
      (await Promise.all(this.#cluster.nodes("slave").map(async (node) => pidOf(await node.info("server")))));
    for (const pid of stopped) process.kill(pid, signal);
    return stopped;
  }

  /** Stops one replica alone: no replica has its master's writes, and those of the other masters are as safe as ever. */
  async stopOneReplica(): Promise<readonly number[]> {
    const [replica] = this.#cluster.nodes("slave");
    if (replica === undefined) throw new Error("there is no replica");
    return await this.signalReplicas("SIGSTOP", [pidOf(await replica.info("server"))]);
  }

  close(): void {
    this.#cluster.disconnect();
  }

  #master(index: number): ReturnType<ForgetfulRedis["allMasters"]>[number] {
    const node = this.allMasters()[index];
    if (node === undefined) throw new Error(`there is no master ${index}`);
    return node;
  }

  private allMasters() {
    return this.#cluster.nodes("master");
  }
}

function pidOf(serverInfo: string): number {
  return Number(/^process_id:(\d+)/m.exec(serverInfo)?.[1]);
}

function hashTagOf(key: string): string | undefined {
  return /\{\d+\}/.exec(key)?.[0];
}
