import {
  printLagReason,
  type FleetNames,
  type GroupMember,
  type GroupOffsets,
  type LagReasonSource,
  type Logger,
  type LogReader,
  type PartitionEnds,
} from "@lastknown/shared";
import type { Freshness } from "../freshness/freshness.js";
import type { LogKnowledge } from "../freshness/log-tracker.js";
import type { ViewKeeper } from "../folding/view-keeper.js";
import { answeredInTime } from "./answered-in-time.js";
import { FoldTally } from "./fold-tally.js";
import type { TellReason } from "./partition-status.js";
import { StatusBoard } from "./status-board.js";
import { StatusTaker } from "./status-taker.js";
import { Watched } from "./watched.js";

export interface StatusServiceOptions {
  readonly names: FleetNames;
  readonly partitions: number;
  readonly reader: Pick<LogReader, "ends">;
  readonly groupOffsets: Pick<GroupOffsets, "membership">;
  /** That and `freshness` may tell of some seconds ago. */
  readonly tracker: Pick<LogKnowledge, "positions">;
  readonly freshness: Pick<Freshness, "lagOf" | "viewLagRecords" | "worstViewLag">;
  readonly keeper: Pick<ViewKeeper, "state" | "progress">;
  /** May take its time: who has not answered within half a second counts as away. */
  readonly isRedisReachable: () => Promise<boolean>;
  readonly lagReasons: LagReasonSource;
  readonly logger: Logger;
}

const MEMBERS_INTERVAL_MS = 2000;
const DEAD_LETTERS_INTERVAL_MS = 2000;
/** Several looks: one that takes long is no reason to know nothing. */
const AGE_MS_MAX = 10_000;
/** Its own deadline is for those who ask about a user, who would rather wait. */
const REDIS_MS_MAX = 500;

/** All that `/status` and the page at `/` tell, from its sources to the board; it adds one look at Kafka a second. */
export class StatusService {
  readonly tally: FoldTally;
  readonly board: StatusBoard;
  readonly #members: Watched<readonly GroupMember[]>;
  readonly #deadLetterEnds: Watched<ReadonlyMap<number, PartitionEnds>>;

  constructor(options: StatusServiceOptions) {
    const { names, reader, groupOffsets, keeper, freshness, tracker } = options;
    this.tally = new FoldTally({ isLive: () => keeper.progress()?.hasCaughtUp ?? false });
    this.#members = new Watched({
      ask: async () => (await groupOffsets.membership(names.workerGroup, names.eventsTopic)).members,
      intervalMs: MEMBERS_INTERVAL_MS,
      ageMsMax: AGE_MS_MAX,
    });
    this.#deadLetterEnds = new Watched({
      ask: () => reader.ends(names.deadLetterTopic),
      intervalMs: DEAD_LETTERS_INTERVAL_MS,
      ageMsMax: AGE_MS_MAX,
    });
    const taker = new StatusTaker({
      fleet: names.fleet,
      partitions: options.partitions,
      positions: () => tracker.positions,
      lagOf: (partition, offset) => freshness.lagOf(partition, offset),
      members: this.#members,
      deadLetterEnds: this.#deadLetterEnds,
      tally: this.tally,
      view: () => ({
        state: keeper.state,
        hasCaughtUp: keeper.progress()?.hasCaughtUp ?? false,
        lagRecords: freshness.viewLagRecords(),
      }),
      viewLag: () => freshness.worstViewLag(),
      isRedisReachable: answeredInTime(options.isRedisReachable, REDIS_MS_MAX),
      tellReason: (partition) => reasonIn(options.lagReasons, partition),
    });
    this.board = new StatusBoard({ take: () => taker.take(), logger: options.logger });
  }

  start(): void {
    this.#members.start();
    this.#deadLetterEnds.start();
    this.board.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#members.stop(), this.#deadLetterEnds.stop(), this.board.stop()]);
  }
}

/** What is told of a reason names no user, as the source is not asked for whose records they are. */
function reasonIn({ lagReasons }: LagReasonSource, partition: number): ReturnType<TellReason> {
  const reason = lagReasons?.get(partition)?.reason;
  if (reason === undefined || reason.kind === "none") return undefined;
  return { kind: reason.kind, text: printLagReason(reason) };
}
