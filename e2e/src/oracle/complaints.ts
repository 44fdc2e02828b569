import type { FleetJudgement } from "./judge-fleet.js";
import { printJudgement, type Judgement } from "./judges/judgement.js";

/**
 * A line for each store or kind of answer that is not all right, or of which nothing was looked at though there
 * has to be something; none where the fleet is right.
 */
export function complaintsAbout({ answers, deadLetters, ...stores }: FleetJudgement): string[] {
  const judged: [name: string, judgement: Judgement][] = Object.entries({ ...stores, ...answers });
  const empty = judged.filter(([, { checked }]) => checked === 0).map(([name]) => `${name}: nothing there`);
  const wrong = [...judged, ["deadLetters", deadLetters] as const]
    .filter(([, { checked, right }]) => right < checked)
    .map(([name, judgement]) => `${name}: ${printJudgement(judgement)}`);
  return [...empty, ...wrong];
}
