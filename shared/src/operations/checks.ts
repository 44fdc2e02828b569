import { withDeadline } from "../deadline/index.js";

/** What is wrong, as a short text, or undefined if all is well. */
export type CheckResult = string | undefined;

/** Looks at the process itself. It cannot wait, and so cannot ask another server. */
export type LiveCheck = () => CheckResult;

/** Something is wrong, and the process does its work all the same. */
export class Tolerated {
  readonly problem: string;

  constructor(problem: string) {
    this.problem = problem;
  }
}

/** Whether the process can do its work now; may ask other servers, and is given a deadline. */
export type ReadyCheck = () => CheckResult | Tolerated | Promise<CheckResult | Tolerated>;

export interface NamedResult {
  readonly name: string;
  readonly problem: CheckResult | Tolerated;
}

export function runLiveChecks(checks: Readonly<Record<string, LiveCheck>>): NamedResult[] {
  return Object.entries(checks).map(([name, check]) => ({ name, problem: check() }));
}

/** All at once; one that throws or does not answer in time has failed. */
export async function runReadyChecks(
  checks: Readonly<Record<string, ReadyCheck>>,
  deadlineMs: number,
): Promise<NamedResult[]> {
  return await Promise.all(
    Object.entries(checks).map(async ([name, check]) => ({
      name,
      problem: await runReadyCheck(check, deadlineMs),
    })),
  );
}

async function runReadyCheck(check: ReadyCheck, deadlineMs: number): Promise<NamedResult["problem"]> {
  try {
    return await withDeadline(
      deadlineMs,
      Promise.resolve(check()),
      () => `no answer within ${deadlineMs} ms`,
    );
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** One line a check, as Kubernetes prints its own: `[+]redis ok`, `[-]redis failed: refused`. */
export function printResults(results: readonly NamedResult[]): string {
  return results.map(({ name, problem }) => `${printProblem(name, problem)}\n`).join("");
}

function printProblem(name: string, problem: NamedResult["problem"]): string {
  if (problem === undefined) return `[+]${name} ok`;
  if (problem instanceof Tolerated) return `[-]${name} failed, tolerated: ${problem.problem}`;
  return `[-]${name} failed: ${problem}`;
}
