import type { SeenAnswer } from "../oracle/index.js";
import { seconds } from "./faults/seconds.js";
import type { Struck } from "./run-scenario.js";

/** Beside what a fault allows: as long as a question may take, on a machine that is busy. Most faults let none fail. */
export const ANSWERS_GRACE_MS = 5_000;
/** A fault that is over at once is given so long to see an answer of each kind. */
const ANSWERED_WITHIN_MS = 2_000;
const KINDS = ["latest", "as-of"] as const;

type Kind = SeenAnswer["kind"];
type Asked = Pick<SeenAnswer, "kind" | "askedAtMs" | "status" | "store">;
type Made = Pick<Struck, "fault" | "fromMs" | "tookSeconds" | "answersFailMs">;

/** A time in which every question of a kind failed. */
export interface Failing {
  readonly kind: Kind;
  readonly fromMs: number;
  /** When the next one was asked that was answered; else the last of them. */
  readonly toMs: number;
  /** `503 from redis`, of the first. */
  readonly saying: string;
}

/** A line for each kind of question that a fault let nobody answer: what readers saw says nothing of it then. */
export function complaintsAboutSilence(struck: readonly Made[], answers: readonly Asked[]): string[] {
  return struck.flatMap((fault) =>
    KINDS.filter((kind) => !isAnswered(fault, kind, answers)).map(
      (kind) => `${fault.fault}: no ${kind} question was answered with 200 while it lasted`,
    ),
  );
}

/** A line for each time in which every question of a kind failed for longer than the fault before it allows. */
export function complaintsAboutFailing(struck: readonly Made[], failing: readonly Failing[]): string[] {
  return failing.flatMap(({ kind, fromMs, toMs, saying }) => {
    const made = struck.findLast((one) => one.fromMs <= fromMs);
    const allowedMs = (made?.answersFailMs ?? 0) + ANSWERS_GRACE_MS;
    if (toMs - fromMs <= allowedMs) return [];
    const when = made?.fault ?? "before the first fault";
    return `${when}: every ${kind} question failed for ${seconds(toMs - fromMs)} s (${saying}), of ${seconds(allowedMs)} s allowed`;
  });
}

/** All such times. No answer is a failure, and any but 200 and 404. */
export function failingTimes(answers: readonly Asked[]): Failing[] {
  return KINDS.flatMap((kind) => failingOf(kind, answers));
}

function failingOf(kind: Kind, answers: readonly Asked[]): Failing[] {
  const times: Failing[] = [];
  let open: Failing | undefined;
  // Those who ask side by side are not answered in the order of asking.
  const asked = answers.filter((one) => one.kind === kind).sort((a, b) => a.askedAtMs - b.askedAtMs);
  for (const { askedAtMs: toMs, status, store } of asked) {
    if (open !== undefined) open = { ...open, toMs };
    if (hasFailed(status)) open ??= { kind, fromMs: toMs, toMs, saying: `${status} from ${store}` };
    else if (open !== undefined) {
      times.push(open);
      open = undefined;
    }
  }
  return open === undefined ? times : [...times, open];
}

function hasFailed(status: number): boolean {
  return status !== 200 && status !== 404;
}

function isAnswered({ fromMs, tookSeconds }: Made, kind: Kind, answers: readonly Asked[]): boolean {
  const toMs = fromMs + Math.max(1000 * tookSeconds, ANSWERED_WITHIN_MS);
  return answers.some(
    (one) => one.kind === kind && one.status === 200 && one.askedAtMs >= fromMs && one.askedAtMs <= toMs,
  );
}
