import { FatalError } from "@lastknown/shared";
import type { Begun, CommitNote, Trying } from "./commit-note.js";

/** Of one batch: they are forgotten once it is committed. */
const CONDEMNED_MAX = 100;

/** What an assignment knows of the attempts in one partition, its own and those before it. */
export class PartitionAttempts {
  /** What was committed last, or is done and about to be: notes stand beside it. Undefined until the first batch. */
  committed: number | undefined;
  /** Whether this assignment has taken a batch here. */
  #hasBegun = false;
  /** Present until the first commit of this assignment, or of the one that noted it. */
  #begun: Begun | undefined;
  /** Present while records are run one at a time. */
  #trying: Trying | undefined;
  #condemned: readonly number[];

  constructor(committed: number | undefined, note: CommitNote) {
    this.committed = committed;
    this.#trying = note.trying;
    this.#begun = note.begun;
    this.#condemned = note.condemned ?? [];
  }

  get note(): CommitNote {
    const trying = this.#trying;
    return {
      ...(this.#begun === undefined ? {} : { begun: this.#begun }),
      ...(trying === undefined ? {} : { trying }),
      ...(this.#condemned.length === 0 ? {} : { condemned: this.#condemned }),
    };
  }

  get trying(): Trying | undefined {
    return this.#trying;
  }

  /** Whether records are run one at a time, or some are not run at all. */
  get isIsolated(): boolean {
    return this.#trying !== undefined || this.#condemned.length > 0;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** How many assignments in a row began at the same offset as this one and died without a commit. */
  get deaths(): number {
    return (this.#begun?.times ?? 1) - 1;
  }

  /** Counts this assignment, or begins to run records one at a time where `killsMax` before it died here. */
  begin(at: number, limits: { killsMax: number; batchRecordsMax: number }): void {
    this.#hasBegun = true;
    this.committed ??= at;
    const before = this.#begun?.at === at ? this.#begun.times : 0;
    if (this.#trying !== undefined && at >= this.#trying.until) this.#trying = undefined;
    else if (this.#trying === undefined && before >= limits.killsMax)
      this.#trying = { offset: at, times: 0, until: at + limits.batchRecordsMax };
    this.#begun = this.#trying === undefined ? { at, times: before + 1 } : undefined;
  }

  /** The first batch killed nobody. */
  survive(): void {
    this.#begun = undefined;
  }

  /** This assignment ends at its first batch in an orderly way. */
  giveUp(): void {
    const before = this.deaths;
    this.#begun = this.#begun === undefined || before === 0 ? undefined : { ...this.#begun, times: before };
  }

  /** How often the record was begun, and ended its process. */
  timesTried(offset: number): number {
    return this.#trying?.offset === offset ? this.#trying.times : 0;
  }

  try(offset: number, times: number): void {
    if (this.#trying === undefined) throw new Error("records are not run one at a time");
    this.#trying = { ...this.#trying, offset, times };
  }

  /** Nothing before this offset is suspected any more. */
  pass(offset: number): void {
    if (this.#trying === undefined) return;
    if (offset < this.#trying.until) this.try(offset, 0);
    else this.#trying = undefined;
  }

  /** @throws FatalError where the note beside the offset would grow beyond what a broker keeps (4096 bytes) */
  condemn(offset: number): void {
    if (this.#condemned.length >= CONDEMNED_MAX) throw tooManyError(offset);
    this.#condemned = [...this.#condemned, offset];
  }

  isCondemned(offset: number): boolean {
    return this.#condemned.includes(offset);
  }

  /** Everything before this offset is done, and is committed with the note as it is then. */
  advance(offset: number): void {
    this.committed = offset;
    this.#begun = undefined;
    this.#condemned = this.#condemned.filter((condemned) => condemned >= offset);
    this.pass(offset);
  }
}

function tooManyError(offset: number): FatalError {
  return new FatalError(`${CONDEMNED_MAX} records before offset ${offset} have ended the worker's process`, {
    fix: "look at the dead letters with lastknown dlq list: the fault is not in single records",
  });
}
