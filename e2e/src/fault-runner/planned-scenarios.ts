import type { Fault, Scenario } from "./fault.js";
import { scenarios } from "./scenarios.js";

export interface PlanOptions {
  /** Only scenarios and faults whose name holds one of these texts, in capitals or not; all by default. */
  readonly only?: readonly string[];
  /** Only what `npm test` breaks. */
  readonly short?: boolean;
}

/**
 * The scenarios, each with those of its faults that are asked for.
 *
 * @throws RangeError where a text is in no name
 */
export function plannedScenarios({ only = [], short = false }: PlanOptions): Scenario[] {
  const offered = pick(scenarios, (_, { inEveryTest }) => !short || inEveryTest);
  if (only.length === 0) return offered;
  const unknown = only.filter((text) => named(offered, [text]).length === 0);
  if (unknown.length === 0) return named(offered, only);
  const of = short ? "that npm test breaks " : "";
  throw new RangeError(`nothing ${of}has a name with ${unknown.map(quoted).join(" or ")}; see --list`);
}

function named(offered: readonly Scenario[], texts: readonly string[]): Scenario[] {
  return pick(offered, (scenario, fault) =>
    texts.some((text) => isNamed(scenario.name, text) || isNamed(fault.name, text)),
  );
}

/** A scenario's whole name means that scenario, not the faults of others that contain it. */
function isNamed(name: string, text: string): boolean {
  const [lower, wanted] = [name.toLowerCase(), text.toLowerCase()];
  const isScenario = scenarios.some((scenario) => scenario.name.toLowerCase() === wanted);
  return isScenario ? lower === wanted : lower.includes(wanted);
}

/** Those with at least one such fault, each without its others. */
function pick(
  offered: readonly Scenario[],
  isWanted: (scenario: Scenario, fault: Fault) => boolean,
): Scenario[] {
  return offered
    .map((scenario) => ({
      ...scenario,
      faults: scenario.faults.filter((fault) => isWanted(scenario, fault)),
    }))
    .filter(({ faults }) => faults.length > 0);
}

function quoted(text: string): string {
  return `"${text}"`;
}
