import type { CommitNote } from "@lastknown/shared";
import { isUnsuspected, nextNote, type AttemptEvent } from "./next-note.js";

/** What an assignment knows of the attempts in one partition, its own and those before it. */
export class PartitionAttempts {
  /** What was committed last, or is done and about to be: notes stand beside it. Undefined until the first batch. */
  committed: number | undefined;
  /** What the partition's note is to say; that of a batch at work is in the group. */
  note: CommitNote;
  /** What was sent to the group last: that a batch began stands there until the next commit, whatever comes of it. */
  sent: CommitNote;
  /** Whether a batch of it was run together with others. */
  hasBegun = false;
  /** Whether the log has it that something here is suspected. */
  isToldOf = false;

  constructor(committed: number | undefined, note: CommitNote) {
    this.committed = committed;
    this.note = note;
    this.sent = note;
  }

  /** Whether something here may have ended a process, and was not committed since. */
  get isSuspected(): boolean {
    return !isUnsuspected(this.note);
  }

  happened(event: AttemptEvent): void {
    this.note = nextNote(this.note, event);
  }
}
