import { WORD_INTERVAL_MS } from "../fleet/commit-note.js";
import type { LagFacts, WaitingSample } from "./lag-facts.js";
import {
  LAG_REASON_KINDS,
  type DeviceBacklog,
  type ExplainedLag,
  type HotPartition,
  type LagReason,
  type MemberDead,
  type OfLookedAt,
  type Poison,
} from "./lag-reason.js";

/** An owner that commits nothing says so again and again: one that missed two words, and some more time, is dead or hangs. */
export const SILENT_SECONDS_MAX = (2.5 * WORD_INTERVAL_MS) / 1000;
/** What is worked off within so long has just come: a worker commits twice a second, and a batch takes time. */
const JUST_COME_SECONDS = 2;
/** One user's share of what waits, from which on it is that user's. */
const HOT_SHARE_MIN = 0.5;
/** Fewer records wait anywhere for a moment. */
const HOT_RECORDS_MIN = 100;
/** So many times the lag of the partition in the middle. */
const HOT_TIMES_OTHERS = 4;
/** Share of old events in what waits, from which on it is a backlog. */
const BACKLOG_SHARE_MIN = 0.5;
/** Fewer events tell nothing of all that wait. */
const SAMPLE_EVENTS_MIN = 20;

/**
 * Why records of a partition wait: of all that holds, what comes first in LAG_REASON_KINDS is the main reason, as it
 * explains the others or has to be mended first.
 *
 * @param showUser whether the user may be named to whom a hot partition's records belong
 */
export function explainLag(facts: LagFacts, showUser = false): ExplainedLag {
  const stopping = [
    noMember(facts),
    waiting(facts),
    poison(facts),
    rebalancing(facts),
    memberDead(facts),
  ].filter((reason) => reason !== undefined);
  if (facts.lag === 0 || (stopping.length === 0 && hasJustCome(facts)))
    return { reason: { kind: "none" }, remarks: [] };
  const holding = [
    ...stopping,
    hotPartition(facts, showUser),
    deviceBacklog(facts),
    pace(facts),
    working(facts),
  ].filter((reason) => reason !== undefined);
  const [reason = { kind: "unknown" } as const, ...remarks] = holding.toSorted(
    (a, b) => LAG_REASON_KINDS.indexOf(a.kind) - LAG_REASON_KINDS.indexOf(b.kind),
  );
  return { reason, remarks };
}

/** What comes is worked on at once: of a stream that is kept up with some always waits. */
function hasJustCome({ lag, emptySecondsAgo = Infinity, pace: seen }: LagFacts): boolean {
  return emptySecondsAgo <= JUST_COME_SECONDS || lag <= (seen?.committedPerSecond ?? 0) * JUST_COME_SECONDS;
}

function noMember({ group, partition }: LagFacts): LagReason | undefined {
  if (group === undefined || group.isRebalancing) return undefined;
  if (group.members.some(({ partitions }) => partitions.includes(partition))) return undefined;
  return { kind: "no_member", workers: group.members.length };
}

function waiting({ word }: LagFacts): LagReason | undefined {
  if (word === undefined || word.on === "work" || word.on === "apart" || word.on === "idle") return undefined;
  return { kind: `waiting_on_${word.on}`, seconds: word.forMs / 1000 };
}

function rebalancing({ group }: LagFacts): LagReason | undefined {
  return group?.isRebalancing === true ? { kind: "rebalancing", workers: group.members.length } : undefined;
}

/** A death that no other came before is told by the owner's silence alone: most processes that end do so by no record. */
function poison(facts: LagFacts): Poison | undefined {
  const { begun, trying } = facts.note;
  // What begins is noted before, so that it counts should its process end: with an owner the last one may be at work.
  const atWork = noMember(facts) === undefined ? 1 : 0;
  if (trying !== undefined) {
    const deaths = Math.max(0, trying.times - atWork);
    return { kind: "poison", cause: "one_at_a_time", offset: trying.offset, deaths };
  }
  if (begun !== undefined && begun.times > 1)
    return { kind: "poison", cause: "batch", offset: begun.at, deaths: begun.times - atWork };
  if (facts.word?.on !== "apart") return undefined;
  return { kind: "poison", cause: "fails", offset: null, deaths: 0 };
}

function memberDead(facts: LagFacts): MemberDead | undefined {
  const { group, partition, isCommitted, silentSeconds } = facts;
  const owner = group?.members.find(({ partitions }) => partitions.includes(partition));
  if (owner === undefined || !isCommitted || silentSeconds < SILENT_SECONDS_MAX) return undefined;
  const { memberId, clientId, host, sessionTimeoutMs } = owner;
  const takenAwayWithinSeconds =
    sessionTimeoutMs === undefined ? null : Math.max(0, sessionTimeoutMs / 1000 - silentSeconds);
  return { kind: "member_dead", memberId, clientId, host, silentSeconds, takenAwayWithinSeconds };
}

function hotPartition({ lag, lagOfOthers, sample }: LagFacts, showUser: boolean): HotPartition | undefined {
  if (sample === undefined || sample.events < SAMPLE_EVENTS_MIN) return undefined;
  const share = sample.ofTopUser / sample.events;
  // With one partition alone there is no elsewhere.
  const isFarAbove =
    lagOfOthers !== undefined && lag >= HOT_RECORDS_MIN && lag >= HOT_TIMES_OTHERS * lagOfOthers;
  if (!isFarAbove || share < HOT_SHARE_MIN) return undefined;
  const user = showUser ? { user: sample.topUser } : {};
  return { kind: "hot_partition", share, ...ofLookedAt(sample, lag), ...user };
}

function deviceBacklog({ lag, sample }: LagFacts): DeviceBacklog | undefined {
  if (sample === undefined || sample.events < SAMPLE_EVENTS_MIN) return undefined;
  const share = sample.old / sample.events;
  if (share < BACKLOG_SHARE_MIN) return undefined;
  return { kind: "device_backlog", share, ...ofLookedAt(sample, lag), lateSeconds: sample.oldBySeconds };
}

function ofLookedAt({ events }: WaitingSample, lag: number): OfLookedAt {
  return events < lag ? { lookedAt: events } : {};
}

function working({ word }: LagFacts): LagReason | undefined {
  return word?.on === "work" ? { kind: "working", seconds: word.forMs / 1000 } : undefined;
}

/**
 * Where nothing is committed there is no pace to speak of. That a moment brings more than is done says nothing either:
 * somebody would start workers for it.
 */
function pace({ lag, pace: seen, isGrowing }: LagFacts): LagReason | undefined {
  if (seen === undefined || seen.committedPerSecond === 0) return undefined;
  const gain = seen.committedPerSecond - seen.appendedPerSecond;
  if (gain > 0) return { kind: "catching_up", doneInSeconds: lag / gain, ...seen };
  return isGrowing ? { kind: "falling_behind", ...seen } : undefined;
}
