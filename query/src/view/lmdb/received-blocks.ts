import { readUint64, type Micros, type Order } from "@lastknown/shared";
import type { CheckedTable } from "./checked-table.js";
import * as keys from "./keys.js";

/** Order times of a block: 67 seconds, 4.8 hours, 51 days. A search looks at some hundred blocks of each size at most. */
const SIZES_MICROS = [2 ** 26, 2 ** 34, 2 ** 42] as const;

/** A user's block of the smallest size, and the least sts of those in it. */
export interface SmallBlock {
  readonly block: number;
  readonly leastSts: Micros;
}

/**
 * Of each block of a user's order times the least sts, so that arrivals received after a moment are stepped over by
 * blocks: a device that was out of reach for months sends all of them after everything else.
 */
export class ReceivedBlocks {
  readonly #table: CheckedTable;

  constructor(table: CheckedTable) {
    this.#table = table;
  }

  /** @param last what this gave for the user's arrival before, which spares a look */
  add(user: number, { orderTime, sts }: Order, last: SmallBlock | undefined): SmallBlock {
    const time = keys.biased(orderTime);
    const small = { block: Math.floor(time / SIZES_MICROS[0]), leastSts: sts };
    if (last?.block === small.block && last.leastSts <= sts) return last;
    for (const [level, size] of SIZES_MICROS.entries()) {
      const key = keys.blockKey(user, level, Math.floor(time / size));
      const stored = this.#table.get(key);
      const leastSts = stored === undefined ? Infinity : keys.unbiased(readUint64(stored, 0));
      // A greater block has no later least than those within it.
      if (leastSts <= sts) return level === 0 ? { ...small, leastSts } : small;
      this.#table.put(key, keys.uint64(keys.biased(sts)));
    }
    return small;
  }

  /**
   * The greatest order time, at most `orderTimeMax`, of a small block that has something received by `receivedMax`; or
   * `orderTimeMax` itself, where that is in such a block. Undefined where no block has.
   */
  latest(user: number, orderTimeMax: Micros, receivedMax: Micros): Micros | undefined {
    const top = SIZES_MICROS.length - 1;
    const found = this.#latestWithin(user, top, { low: 0, high: keys.biased(orderTimeMax) }, receivedMax);
    return found === undefined ? undefined : keys.unbiased(found);
  }

  /** Times are biased; both ends belong to the range. */
  #latestWithin(
    user: number,
    level: number,
    { low, high }: { readonly low: number; readonly high: number },
    receivedMax: Micros,
  ): number | undefined {
    const size = SIZES_MICROS[level] as number;
    const range = {
      start: keys.blockKey(user, level, Math.floor(high / size)),
      end: keys.belowBlock(user, level, Math.floor(low / size)),
      reverse: true,
    };
    for (const { key, value } of this.#table.range(range)) {
      if (keys.unbiased(readUint64(value, 0)) > receivedMax) continue;
      const first = keys.blockOfKey(key) * size;
      const within = { low: Math.max(low, first), high: Math.min(high, first + size - 1) };
      // All that is early enough in the block of `high` may lie above it: then those before it are looked at.
      const found = level === 0 ? within.high : this.#latestWithin(user, level - 1, within, receivedMax);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
