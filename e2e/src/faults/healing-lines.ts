import type { Service } from "../harness/lastknown.js";

/** What a worker says when a partition begins to be healed, or is healed. */
export interface HealingLine {
  readonly message: "healing begins" | "healing ended";
  readonly partition: number;
  readonly buckets: readonly number[];
  readonly from: number;
  readonly to: number;
  /** Where it is applied again from; told when it begins. */
  readonly source?: "events" | "audit";
  /** How long it took; told when it has ended. */
  readonly ms?: number;
}

export function healingLines(workers: readonly Service[]): HealingLine[] {
  return workers
    .flatMap(({ process: { stderr } }) => stderr.lines)
    .filter((line) => line.includes('"healing '))
    .map((line) => JSON.parse(line) as HealingLine);
}

/** Partitions whose last line says that they are being healed. Right as long as no partition changes its owner. */
export function beingHealed(lines: readonly HealingLine[]): number[] {
  const last = new Map(lines.map((line) => [line.partition, line]));
  return [...last.values()]
    .filter(({ message }) => message === "healing begins")
    .map(({ partition }) => partition);
}
