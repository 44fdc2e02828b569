import type { ScenarioResult, Struck } from "./run-scenario.js";

/** Whether every planned fault was made and nothing is wrong afterwards. */
export function isRight({ planned, struck, complaints }: ScenarioResult): boolean {
  return struck.length === planned && complaints.length === 0;
}

/** A scenario's faults, figures and complaints, for a person. */
export function printResult(result: ScenarioResult): string {
  const { scenario, planned, struck, seconds, complaints, judged, figures } = result;
  const verdict = isRight(result) ? "PASS" : "FAIL";
  const lines = [
    `${verdict} ${scenario}: ${struck.length} of ${printCount(planned, "fault")} made, ${seconds} s`,
  ];
  for (const one of struck) lines.push(`  ${one.fault} (${printTimes(one)}): ${one.seen}`);
  lines.push(`  judged: ${printEach(judged, ({ checked, right }) => `${right}/${checked}`)}`);
  if (Object.keys(figures).length > 0) lines.push(`  ${printEach(figures, String)}`);
  for (const complaint of complaints) lines.push(`  WRONG ${complaint}`);
  return lines.join("\n");
}

function printEach<Value>(all: Readonly<Record<string, Value>>, print: (value: Value) => string): string {
  const printed = Object.entries(all).map(([name, value]) => `${name} ${print(value)}`);
  return printed.length === 0 ? "nothing" : printed.join(", ");
}

/** `1 fault`, `2 faults`. */
export function printCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** What a fault cost, for a person. */
export function printTimes({
  tookSeconds,
  standstillSeconds,
  standstillBoundSeconds,
}: Pick<Struck, "tookSeconds" | "standstillSeconds" | "standstillBoundSeconds">): string {
  return `took ${tookSeconds} s in all; records stood still for ${standstillSeconds} s at most, of ${standstillBoundSeconds} s allowed`;
}

/** One line over all. */
export function printSummary(results: readonly ScenarioResult[]): string {
  const planned = results.reduce((sum, result) => sum + result.planned, 0);
  const struck = results.reduce((sum, result) => sum + result.struck.length, 0);
  const right = results.filter(isRight).length;
  return `${struck} of ${printCount(planned, "fault")} made; ${right} of ${printCount(results.length, "scenario")} right`;
}
