import type { LagReason, MemberDead, OfLookedAt, Poison } from "./lag-reason.js";
import { printDuration } from "./print-duration.js";

/** The reason for people, in a few words. The user of a hot partition is in it where the reason names one. */
export function printLagReason(reason: LagReason): string {
  switch (reason.kind) {
    case "none":
      return "it has just come";
    case "no_member":
      return reason.workers === 0 ? "no worker is in the group" : `none of ${reason.workers} workers has it`;
    case "waiting_on_redis":
      return `its worker waits for Redis, for ${printDuration(reason.seconds)}`;
    case "waiting_on_registry":
      return `its worker waits for the schema registry, for ${printDuration(reason.seconds)}`;
    case "waiting_on_kafka":
      return `its worker waits for Kafka, for ${printDuration(reason.seconds)}`;
    case "poison":
      return printPoison(reason);
    case "rebalancing":
      return `the group shares out its partitions among ${reason.workers} workers`;
    case "member_dead":
      return printDead(reason);
    case "hot_partition":
      return `${printShare(reason)} is ${reason.user === undefined ? "one user's" : `of user ${JSON.stringify(reason.user)}`}`;
    case "device_backlog":
      return `${printShare(reason)} was ${printDuration(reason.lateSeconds)} old when it came`;
    case "falling_behind":
      return `${perSecond(reason.appendedPerSecond)} come, ${perSecond(reason.committedPerSecond)} are done`;
    case "catching_up":
      return `done in about ${printDuration(reason.doneInSeconds)}, at ${perSecond(reason.committedPerSecond)}`;
    case "working":
      return `its worker works, and has committed nothing for ${printDuration(reason.seconds)}`;
    case "unknown":
      return "not known yet";
  }
}

function printPoison({ cause, offset, deaths }: Poison): string {
  switch (cause) {
    case "fails":
      return "a record fails and is tried again";
    case "batch":
      return `${inTimes(deaths)} a worker's process ended at offset ${offset}, or behind it, and committed nothing`;
    case "one_at_a_time":
      return deaths === 0
        ? `after deaths of workers, records from offset ${offset} on run one at a time`
        : `the record at offset ${offset} was at work when a worker's process ended, ${inTimes(deaths)}`;
  }
}

function inTimes(times: number): string {
  return times === 1 ? "once" : `${times} times`;
}

function printDead({ host, silentSeconds, takenAwayWithinSeconds }: MemberDead): string {
  const silent = `its worker at ${host} is silent for ${printDuration(silentSeconds)}`;
  if (takenAwayWithinSeconds === null) return silent;
  if (takenAwayWithinSeconds === 0) return `${silent}, and hangs`;
  return `${silent}; others have it within ${printDuration(takenAwayWithinSeconds)}`;
}

function printShare({ share, lookedAt }: OfLookedAt & { readonly share: number }): string {
  return `${inPercent(share)} of ${lookedAt === undefined ? "what waits" : `the ${lookedAt} looked at`}`;
}

function inPercent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

function perSecond(rate: number): string {
  return `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} records/s`;
}
