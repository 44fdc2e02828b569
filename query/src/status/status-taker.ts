import type { GroupMember, PartitionEnds } from "@lastknown/shared";
import type { LagOf } from "../freshness/consumer-lag.js";
import type { Lag } from "../freshness/freshness.js";
import type { LogPositions } from "../freshness/log-tracker.js";
import { budgetStatus } from "./budget.js";
import type { FoldTally } from "./fold-tally.js";
import { Pace } from "./pace.js";
import { lagOver, partitionStatuses, type TellReason } from "./partition-status.js";
import type { StatusSnapshot } from "./status-snapshot.js";
import type { Watched } from "./watched.js";

/** Where the figures of a snapshot come from. None of them waits for a server for more than half a second. */
export interface StatusSources {
  readonly fleet: string;
  readonly partitions: number;
  /**
   * Of the events topic and the audit; undefined where they were last seen too long ago, or cannot be seen. May be some
   * seconds old, as may what `lagOf` and `viewLag` are found from: the snapshot tells how old.
   */
  readonly positions: () => LogPositions | undefined;
  readonly lagOf: LagOf;
  readonly members: Pick<Watched<readonly GroupMember[]>, "last">;
  readonly deadLetterEnds: Pick<Watched<ReadonlyMap<number, PartitionEnds>>, "last">;
  readonly tally: FoldTally;
  readonly view: () => {
    readonly state: string;
    readonly hasCaughtUp: boolean;
    readonly lagRecords: number | undefined;
  };
  readonly viewLag: () => Promise<Lag>;
  readonly isRedisReachable: () => Promise<boolean>;
  readonly tellReason: TellReason;
  /** Wall clock. */
  readonly nowMs?: () => number;
  /** That of the positions. */
  readonly monotonicMs?: () => number;
}

const MONOTONIC_MS = (): number => performance.now();
const PACE_SECONDS = 5;
const DEAD_LETTERS_SECONDS = 60;

/** Puts together how the fleet stands; to be asked about once a second, as rates are told from one to the next. */
export class StatusTaker {
  readonly #sources: StatusSources;
  readonly #appended = new Pace(PACE_SECONDS);
  readonly #committed = new Pace(PACE_SECONDS);
  readonly #deadLetters = new Pace(DEAD_LETTERS_SECONDS);

  constructor(sources: StatusSources) {
    this.#sources = sources;
  }

  async take(): Promise<StatusSnapshot> {
    const { fleet, partitions, tally, lagOf, tellReason, monotonicMs = MONOTONIC_MS } = this.#sources;
    const nowMs = (this.#sources.nowMs ?? Date.now)();
    const positions = this.#sources.positions();
    const members = this.#sources.members.last?.value;
    const [statuses, viewLag, redis] = await Promise.all([
      partitionStatuses({ partitions, positions, members, lagOf, tellReason }),
      this.#sources.viewLag(),
      this.#sources.isRedisReachable(),
    ]);
    const lag = lagOver(statuses);
    const lookedSecondsAgo = positions && Math.round(monotonicMs() - positions.lookedAtMs) / 1000;
    const delays = tally.delays(10);
    const view = this.#sources.view();
    return {
      fleet,
      at: new Date(nowMs).toISOString(),
      budget: budgetStatus({
        delays,
        viewLag,
        viewLagRecords: view.lagRecords,
        commitLagSeconds: lag.seconds ?? undefined,
        lookedSecondsAgo,
      }),
      rates: this.#rates(positions),
      lag: { ...lag, lookedSecondsAgo: lookedSecondsAgo ?? null, partitions: statuses },
      members:
        members === undefined
          ? null
          : members.map(({ partitions: given, ...member }) => ({ ...member, partitions: [...given] })),
      freshness: { lastMinute: tally.delays(60), lastTenSeconds: delays },
      view: {
        ...view,
        lagRecords: view.lagRecords ?? null,
        lagSeconds: viewLag === "unknown" ? null : viewLag,
        verdicts: { ...tally.verdicts },
        doubles: tally.doubles,
        unreadable: tally.unreadableRecords,
      },
      deadLetters: this.#deadLettersNow(),
      servers: { kafka: positions !== undefined, redis },
    };
  }

  #rates(positions: LogPositions | undefined): StatusSnapshot["rates"] {
    const appended = positions && appendedOf(positions);
    const committed = positions && committedOf(positions);
    return {
      inPerSecond: paceWith(this.#appended, positions?.lookedAtMs, appended),
      outPerSecond: paceWith(this.#committed, positions?.lookedAtMs, committed),
      viewPerSecond: rounded(this.#sources.tally.perSecond()),
    };
  }

  #deadLettersNow(): StatusSnapshot["deadLetters"] {
    const { last } = this.#sources.deadLetterEnds;
    const ends = [...(last?.value.values() ?? [])];
    const ever = ends.reduce((sum, { end }) => sum + end, 0);
    if (last === undefined) return { kept: null, inLastMinute: null };
    this.#deadLetters.look(last.askedAtMs, ever);
    const kept = ends.reduce((sum, { start, end }) => sum + end - start, 0);
    return { kept, inLastMinute: this.#deadLetters.growth ?? null };
  }
}

/** Null where it cannot be looked at now. */
function paceWith(pace: Pace, atMs: number | undefined, total: number | undefined): number | null {
  if (atMs === undefined || total === undefined) return null;
  pace.look(atMs, total);
  return rounded(pace.perSecond);
}

function appendedOf({ events }: LogPositions): number {
  return [...events.values()].reduce((sum, { end }) => sum + end, 0);
}

/** Undefined while it is not known whose commits count. A partition without a commit stands where its log begins. */
function committedOf({ events, committed }: LogPositions): number | undefined {
  if (committed === undefined) return undefined;
  let total = 0;
  for (const [partition, { start }] of events) total += Math.max(start, committed.get(partition) ?? start);
  return total;
}

/** To a tenth. */
function rounded(perSecond: number | undefined): number | null {
  return perSecond === undefined ? null : Math.round(perSecond * 10) / 10;
}
