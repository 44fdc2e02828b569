import type { TestFleet } from "./test-fleet.js";

/** A line of `dlq list --json`, as far as it is looked at. */
export interface ListedLetter {
  readonly reason: string;
  readonly error: string;
  /** `topic/partition/offset` of the record. */
  readonly source: string;
}

const LETTERS_MAX = 10_000;

/** All dead letters of a fleet, as the command tells them. */
export async function listedLetters(fleet: TestFleet): Promise<ListedLetter[]> {
  const { stdout } = await fleet.run(["dlq", "list", "--json", "--limit", String(LETTERS_MAX)]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as ListedLetter);
}
