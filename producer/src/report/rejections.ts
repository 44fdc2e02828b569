import type { Rejection, RejectionReason } from "../csv/rejection.js";
import { RejectsFile } from "./rejects-file.js";

const EXAMPLES_MAX = 10;

/** Counts rejected rows, and writes them down where the user asked for it. */
export class Rejections {
  readonly #file: RejectsFile | undefined;
  readonly #byReason: Partial<Record<RejectionReason, number>> = {};
  readonly #examples: Pick<Rejection, "line" | "reason" | "detail">[] = [];
  #total = 0;

  /** @throws FatalError (usage) if the file cannot be written */
  constructor(path: string | undefined) {
    this.#file = path === undefined ? undefined : new RejectsFile(path);
  }

  add(rejection: Rejection): void {
    const { line, reason, detail } = rejection;
    this.#total++;
    this.#byReason[reason] = (this.#byReason[reason] ?? 0) + 1;
    if (this.#examples.length < EXAMPLES_MAX) this.#examples.push({ line, reason, detail });
    this.#file?.write(rejection);
  }

  get total(): number {
    return this.#total;
  }

  summary(): {
    rejected: number;
    rejectedByReason: Partial<Record<RejectionReason, number>>;
    rejectedExamples: Pick<Rejection, "line" | "reason" | "detail">[];
  } {
    return { rejected: this.#total, rejectedByReason: this.#byReason, rejectedExamples: this.#examples };
  }

  close(): void {
    this.#file?.close();
  }
}
