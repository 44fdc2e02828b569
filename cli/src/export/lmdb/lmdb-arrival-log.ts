import { mkdtempSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareOrder, decodeOrder, encodeOrder, judge, type Judgement } from "@lastknown/shared";
import { open, type Database, type RootDatabase } from "lmdb";
import type { ArrivalHead, ArrivalLog, StoredArrival } from "../arrival-log.js";
import { mergeByAppendTime } from "../merge-partitions.js";

/** Disk pages, not memory, bound it; the file grows as it needs. */
const HEAD_BYTES = 12;
const EMPTY = Buffer.alloc(0);

type Table = Database<Buffer, Buffer>;

/**
 * An arrival log in a temporary LMDB folder, which `close` removes. Tables: `arrivals` (partition, source offset →
 * the arrival), `states` (user → the greatest order judged so far), `seen` (user, event id → nothing). Without
 * syncs, as nothing of it outlives the process.
 */
export class LmdbArrivalLog implements ArrivalLog {
  readonly #directory: string;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #arrivals: Table;
  readonly #states: Table;
  readonly #seen: Table;
  readonly #partitions = new Set<number>();
  #size = 0;
  /** For a process that ends before `close`, as when `head` has read enough of an export. */
  readonly #removeAtExit = (): void => rmSync(this.#directory, { recursive: true, force: true });

  /** @param parentDirectory where the temporary folder is made; the system's by default */
  constructor(parentDirectory: string = tmpdir()) {
    this.#directory = mkdtempSync(join(parentDirectory, "lastknown-export-"));
    process.once("exit", this.#removeAtExit);
    this.#root = open<Buffer, Buffer>({
      path: this.#directory,
      noSync: true,
      encoding: "binary",
      keyEncoding: "binary",
    });
    const table = (name: string): Table =>
      this.#root.openDB(name, { encoding: "binary", keyEncoding: "binary" });
    this.#arrivals = table("arrivals");
    this.#states = table("states");
    this.#seen = table("seen");
  }

  get size(): number {
    return this.#size;
  }

  add(arrivals: readonly StoredArrival[]): void {
    this.#root.transactionSync(() => {
      for (const arrival of arrivals) {
        const key = arrivalKey(arrival.partition, arrival.offset);
        if (this.#arrivals.doesExist(key)) continue;
        this.#arrivals.putSync(key, arrivalValue(arrival));
        this.#partitions.add(arrival.partition);
        this.#size++;
      }
    });
  }

  inOrder(): Iterable<StoredArrival> {
    return mergeByAppendTime([...this.#partitions].map((partition) => this.#ofPartition(partition)));
  }

  judgeNext(heads: readonly ArrivalHead[]): Judgement[] {
    return this.#root.transactionSync(() => heads.map((head) => this.#judge(head)));
  }

  #judge({ user, order }: ArrivalHead): Judgement {
    const userKey = Buffer.from(user);
    const seenKey = Buffer.concat([userKey, Buffer.from(order.eventId, "hex")]);
    const stored = this.#states.get(userKey);
    const state = stored === undefined ? undefined : decodeOrder(stored.toString("latin1"));
    const seenBefore = this.#seen.doesExist(seenKey);
    if (!seenBefore) this.#seen.putSync(seenKey, EMPTY);
    if (state === undefined || compareOrder(order, state) > 0)
      this.#states.putSync(userKey, Buffer.from(encodeOrder(order), "latin1"));
    return judge(order, state, seenBefore);
  }

  async close(): Promise<void> {
    await this.#root.close();
    process.removeListener("exit", this.#removeAtExit);
    await rm(this.#directory, { recursive: true, force: true });
  }

  *#ofPartition(partition: number): Generator<StoredArrival, void, undefined> {
    const range = { start: arrivalKey(partition, 0), end: arrivalKey(partition + 1, 0), snapshot: false };
    for (const { key, value } of this.#arrivals.getRange(range)) {
      yield {
        partition,
        offset: Number(key.readBigUInt64BE(4)),
        appendedAtMs: value.readDoubleBE(0),
        schemaId: value.readUInt32BE(8),
        event: Buffer.from(value.subarray(HEAD_BYTES)),
      };
    }
  }
}

function arrivalKey(partition: number, offset: number): Buffer {
  const key = Buffer.allocUnsafe(12);
  key.writeUInt32BE(partition);
  key.writeBigUInt64BE(BigInt(offset), 4);
  return key;
}

function arrivalValue({ appendedAtMs, schemaId, event }: StoredArrival): Buffer {
  const value = Buffer.allocUnsafe(HEAD_BYTES + event.length);
  value.writeDoubleBE(appendedAtMs);
  value.writeUInt32BE(schemaId, 8);
  event.copy(value, HEAD_BYTES);
  return value;
}
