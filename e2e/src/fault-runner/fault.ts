import type { StartStackOptions } from "@lastknown/stack";
import type { FaultRun } from "./fault-run.js";

/** What was seen of a fault while it lasted: the proof that it happened. */
export interface Evidence {
  /** For a person, with figures: `partitions 1, 5 went to others after 6.2 s`. */
  readonly seen: string;
  /** Figures for the report, in the unit that their names say. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** One way in which things break, under load. */
export interface Fault {
  /** As in `kill -9 of one worker`: names it in the report and on the command line. */
  readonly name: string;
  /** Whether `npm test` breaks this, too. */
  readonly inEveryTest: boolean;
  /** What it may take at most, judging aside, in seconds; SECONDS_PER_FAULT_MAX by default. */
  readonly secondsMax?: number;
  /**
   * For how long it may keep records from flowing though the product does what it should, in ms: what it lasts, and
   * the time-outs by which it is noticed. 0 by default. Beyond that they have to flow within RECOVERED_WITHIN_MS.
   */
  readonly standsStillMs?: number;
  /**
   * For how long all questions of a kind, for the latest or as of a moment, may get no answer, or another than 200 and
   * 404, in ms; 0 by default. ANSWERS_GRACE_MS is allowed besides.
   */
  readonly answersFailMs?: number;
  /** How long what Redis lost by it may show, in ms; HEALED_WITHIN_MS by default. */
  readonly healedWithinMs?: number;
  /**
   * Breaks something, makes sure that it broke, and mends what does not mend itself: the fleet has to be able to go
   * on afterwards. Rejects where the fault did not take place or had no effect. What it has to prepare first ends
   * with `run.breaksNow()`.
   */
  strike(run: FaultRun): Promise<Evidence>;
}

/** How many a scenario has that names no number. */
export const WORKERS = 3;

/** Faults that are made one after the other in one fleet, under one load. */
export interface Scenario {
  readonly name: string;
  readonly faults: readonly Fault[];
  /** WORKERS at its beginning by default. */
  readonly workers?: number;
  /** Of the load; much less by default. */
  readonly rowsPerSecond?: number;
  /** Whether the faults follow each other as they are listed; by default the seed decides. */
  readonly isInOrder?: boolean;
  /** Three brokers and six Redis nodes by default. */
  readonly servers?: Pick<StartStackOptions, "brokers" | "redisNodes">;
  /** Settings of all workers, beside those of the runner. */
  readonly workerEnvironment?: Readonly<Record<string, string>>;
  /** Whether a network that can be told to misbehave stands between the product and its servers. */
  readonly isProxied?: boolean;
  /** Whether brokers take records whose acknowledgement the replay never gets: it sends those rows again. */
  readonly losesAcknowledgements?: boolean;
  /** Puts the view of the query service on a disk of its own, of so many bytes. */
  readonly viewDiskBytes?: number;
}
