import { Tally, type FleetEvidence, type Judgement } from "../oracle/index.js";
import type { BadRecord } from "./bad-records.js";

/**
 * Whether each bad record that a broker acknowledged is in the events topic and has a dead letter, and no other record
 * has one. That a letter has the bytes of its record, and stands for its place, is judged with the dead letters.
 */
export function judgeBadRecords(
  sent: readonly BadRecord[],
  { events, letters }: Pick<FleetEvidence, "events" | "letters">,
): Judgement {
  const tally = new Tally();
  const inTopic = new Set(events.map(({ value }) => value?.toString()));
  const lettered = new Set(letters.map(({ value }) => value?.toString() ?? ""));
  for (const { text, isAcknowledged } of sent) {
    const isThere = lettered.delete(text);
    if (isAcknowledged) tally.check(text, inEach, { isInTopic: inTopic.has(text), hasLetter: isThere });
    else tally.check(text, inTopic.has(text), isThere);
  }
  for (const text of lettered) tally.fail(`letter of ${text}`, undefined, text);
  return tally.judgement;
}

const inEach = { isInTopic: true, hasLetter: true };
