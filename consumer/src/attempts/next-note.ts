import { FatalError, type CommitNote } from "@lastknown/shared";

/** What a partition's note has to tell of. */
export type AttemptEvent =
  /** A batch is taken; `killsMax` deaths before it make its records run one at a time. */
  | {
      readonly kind: "taken";
      readonly at: number;
      readonly killsMax: number;
      readonly batchRecordsMax: number;
    }
  /** Records that run together begin. */
  | { readonly kind: "begun"; readonly at: number }
  /** A suspected record begins. */
  | { readonly kind: "tried"; readonly offset: number }
  /** A record has ended its process too often. */
  | { readonly kind: "condemned"; readonly offset: number }
  /** Everything before the offset was run, and the process lives. */
  | { readonly kind: "passed"; readonly to: number }
  /** Everything before the offset is done, and is committed with the note as it is then. */
  | { readonly kind: "committed"; readonly to: number };

/** Of one batch: they are forgotten once it is committed. */
const CONDEMNED_MAX = 100;

/**
 * The note of a partition after an event. A death counts by the note that it leaves behind: so what begins is noted
 * with its count raised before, and where the process lives afterwards the note before it is the right one again.
 *
 * @throws FatalError where the note beside the offset would grow beyond what a broker keeps (4096 bytes)
 */
export function nextNote(note: CommitNote, event: AttemptEvent): CommitNote {
  switch (event.kind) {
    case "taken":
      return taken(note, event);
    case "begun":
      return { ...note, begun: { at: event.at, times: (note.begun?.times ?? 0) + 1 } };
    case "tried":
      return tried(note, event.offset);
    case "condemned":
      return passed(condemned(note, event.offset), event.offset + 1);
    case "passed":
      return passed(note, event.to);
    case "committed":
      return committed(note, event.to);
  }
}

/** Whether the note says nothing: whoever worked on the partition before came to a commit. */
export function isUnsuspected({ begun, trying, condemned: offsets = [] }: CommitNote): boolean {
  return begun === undefined && trying === undefined && offsets.length === 0;
}

function taken(
  note: CommitNote,
  { at, killsMax, batchRecordsMax }: AttemptEvent & { readonly kind: "taken" },
): CommitNote {
  const { begun } = note;
  if (begun === undefined || begun.times < killsMax) return note;
  const offset = Math.max(begun.at, at);
  return { ...note, begun: undefined, trying: { offset, times: 0, until: offset + batchRecordsMax } };
}

/** That it came to this clears the records before. */
function tried(note: CommitNote, offset: number): CommitNote {
  const { trying } = note;
  if (trying === undefined) throw new Error("records are not run one at a time");
  const times = trying.offset === offset ? trying.times : 0;
  return { ...note, begun: undefined, trying: { ...trying, offset, times: times + 1 } };
}

function condemned(note: CommitNote, offset: number): CommitNote {
  const before = note.condemned ?? [];
  if (before.length >= CONDEMNED_MAX) throw tooManyError(offset);
  return { ...note, condemned: [...before, offset] };
}

/** Only ever forward: where records are applied again from further back, what is suspected ahead stays so. */
function passed(note: CommitNote, to: number): CommitNote {
  const { begun, trying } = note;
  return {
    ...note,
    begun: begun === undefined ? undefined : { ...begun, at: Math.max(begun.at, to) },
    trying: trying === undefined || to <= trying.offset ? trying : { ...trying, offset: to, times: 0 },
  };
}

function committed(note: CommitNote, to: number): CommitNote {
  const { trying } = passed(note, to);
  const ahead = note.condemned?.filter((offset) => offset >= to) ?? [];
  return {
    ...note,
    begun: undefined,
    trying: trying !== undefined && to < trying.until ? trying : undefined,
    condemned: ahead.length === 0 ? undefined : ahead,
  };
}

function tooManyError(offset: number): FatalError {
  return new FatalError(`${CONDEMNED_MAX} records before offset ${offset} have ended the worker's process`, {
    fix: "look at the dead letters with lastknown dlq list: the fault is not in single records",
  });
}
