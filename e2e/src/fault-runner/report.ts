import type { ScenarioResult, Struck } from "./run-scenario.js";

/** Whether every planned fault was made and nothing is wrong afterwards. */
export function isRight({ planned, struck, complaints }: ScenarioResult): boolean {
  return struck.length === planned && complaints.length === 0;
}

/** A scenario's faults, figures and complaints, for a person. */
export function printResult(result: ScenarioResult): string {
  const { scenario, planned, struck, seconds, complaints, figures } = result;
  const verdict = isRight(result) ? "PASS" : "FAIL";
  const lines = [`${verdict} ${scenario}: ${struck.length} of ${planned} faults made, ${seconds} s`];
  for (const one of struck) lines.push(`  ${one.fault} (${printTimes(one)}): ${one.seen}`);
  lines.push(
    `  ${Object.entries(figures)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ")}`,
  );
  for (const complaint of complaints) lines.push(`  WRONG ${complaint}`);
  return lines.join("\n");
}

export function printTimes({
  seconds,
  standstillSeconds,
  standstillBoundSeconds,
}: Pick<Struck, "seconds" | "standstillSeconds" | "standstillBoundSeconds">): string {
  return `flows again after ${seconds} s, stood still for ${standstillSeconds} s at most, of ${standstillBoundSeconds} s allowed`;
}

/** One line over all. */
export function printSummary(results: readonly ScenarioResult[]): string {
  const planned = results.reduce((sum, result) => sum + result.planned, 0);
  const struck = results.reduce((sum, result) => sum + result.struck.length, 0);
  const right = results.filter(isRight).length;
  return `${struck} of ${planned} planned faults made; ${right} of ${results.length} scenarios right`;
}
