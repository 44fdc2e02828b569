import type { Fault } from "./fault.js";
import { seconds } from "./faults/seconds.js";

/**
 * Records have to flow again so soon after a fault is over and noticed. 12 s were seen at a load of 18 on two cores,
 * and a busy machine must not make a run fail; what hangs for minutes does.
 */
export const RECOVERED_WITHIN_MS = 60_000;

/**
 * What Redis lost may show for so long, from its first sight. A worker sees a loss within a second and mends it within
 * one or two more; 6 s were seen at a load of 20 on two cores.
 */
export const HEALED_WITHIN_MS = 10_000;

/** How long some partition had nothing new, and how long it may have had. */
export interface Standstill {
  readonly fault: string;
  readonly standstillSeconds: number;
  readonly standstillBoundSeconds: number;
}

/** For how long a partition may have nothing new from a fault's beginning on, in ms. */
export function standstillBoundMs({ standsStillMs = 0 }: Pick<Fault, "standsStillMs">): number {
  return standsStillMs + RECOVERED_WITHIN_MS;
}

/** A line for each fault after which records stood still for too long. */
export function complaintsAboutRecovery(struck: readonly Standstill[]): string[] {
  return struck
    .filter(({ standstillSeconds, standstillBoundSeconds }) => standstillSeconds > standstillBoundSeconds)
    .map(printLate);
}

/** As a complaint: which fault, what was seen, and the bound. */
export function printLate({ fault, standstillSeconds, standstillBoundSeconds }: Standstill): string {
  const own = seconds(standstillBoundSeconds * 1000 - RECOVERED_WITHIN_MS);
  return `${fault}: records stood still for ${standstillSeconds} s, past the bound of ${standstillBoundSeconds} s (${own} s by the fault and its time-outs, ${RECOVERED_WITHIN_MS / 1000} s to recover)`;
}
