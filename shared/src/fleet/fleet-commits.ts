import type { CommittedOffset } from "../kafka/group-offsets.js";

/**
 * Id of the fleet whose worker committed an offset, by the note beside it: JSON with `fleet`. Undefined where somebody
 * else did, by a tool or in the group by mistake.
 */
export function fleetOfNote(note: string | undefined): string | undefined {
  if (note === undefined || note === "") return undefined;
  try {
    // Spreading makes an object of whatever JSON it was, null included.
    const { fleet } = { ...(JSON.parse(note) as { readonly fleet?: unknown } | null) };
    return typeof fleet === "string" ? fleet : undefined;
  } catch {
    return undefined;
  }
}

/** Those of this fleet's workers; what others committed says nothing of what is done. */
export function commitsOfFleet(
  fleetId: string,
  committed: ReadonlyMap<number, CommittedOffset>,
): Map<number, CommittedOffset> {
  return new Map([...committed].filter(([, { note }]) => fleetOfNote(note) === fleetId));
}

/**
 * What this fleet's workers have committed, as far as anybody has looked: where somebody else, in the group by mistake,
 * commits over it, what was done before stays done, and only what came since is not known to be.
 */
export class SeenCommits {
  #fleetId: string | undefined;
  readonly #last = new Map<number, CommittedOffset>();

  /** The fleet's own of what stands now, and its last one where another's stands. */
  look(fleetId: string, committed: ReadonlyMap<number, CommittedOffset>): Map<number, CommittedOffset> {
    if (fleetId !== this.#fleetId) this.#last.clear();
    this.#fleetId = fleetId;
    const commits = commitsOfFleet(fleetId, committed);
    for (const [partition, commit] of commits) this.#last.set(partition, commit);
    for (const partition of committed.keys()) {
      const last = this.#last.get(partition);
      if (last !== undefined) commits.set(partition, last);
    }
    return commits;
  }
}
