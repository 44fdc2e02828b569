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
