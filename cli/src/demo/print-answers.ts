import { printable, shortened, tableLines } from "../output/table.js";
import type { ExplanationAnswer, StateAnswer } from "../query-client/query-client.js";
import type { TwoClocksQuestion } from "./two-clocks.js";

const WIDTH = 80;
const LOSERS_SHOWN_MAX = 3;

/** Lines about a few users' latest. */
export function latestLines(states: readonly StateAnswer[]): string[] {
  const columns = [{ title: "user" }, { title: "happened" }, { title: "lag" }, { title: "attributes" }];
  const rows = states.map((state) => [
    shortened(printable(state.user), 12),
    state.time_stamp,
    printLag(state.meta.lagSeconds),
    attributesText(state.attributes),
  ]);
  return tableLines(columns, rows).map(indented);
}

/** Lines about one moment for which the two clocks give different answers. */
export function twoClocksLines(
  question: Pick<TwoClocksQuestion, "user">,
  moment: string,
  answers: { at: StateAnswer; knownAt: StateAnswer },
): string[] {
  const user = printable(question.user);
  return [
    `Where was ${shortened(user, 20)} at ${moment}?`,
    "by all that we know now (at=):",
    ...eventLines(answers.at),
    "by what we had received then (knownAt=):",
    ...eventLines(answers.knownAt),
  ].map(indented);
}

/** Lines about which event won and which lost to it. */
export function explainLines({ winner, lost, arrivals }: ExplanationAnswer): string[] {
  const shown = onePerReason(lost).slice(0, LOSERS_SHOWN_MAX);
  return [
    `won, of ${arrivals.considered} arrivals that count (${arrivals.total} in all):`,
    ...eventLines(winner),
    ...shown.flatMap((loser) => [
      `lost: offset ${loser.source.offset} (${loser.verdict}), as`,
      ...wrapped(loser.reasons[0]?.text ?? "", WIDTH - 6).map((line) => `  ${line}`),
    ]),
  ].map(indented);
}

/** The first loser of each kind of reason tells more than three of one kind. */
function onePerReason(lost: ExplanationAnswer["lost"]): ExplanationAnswer["lost"] {
  const seen = new Set<string>();
  return lost.filter(({ reasons: [reason] }) => {
    const code = reason?.code ?? "";
    const isNew = !seen.has(code);
    seen.add(code);
    return isNew;
  });
}

function eventLines({
  time_stamp,
  sts,
  attributes,
}: Pick<StateAnswer, "time_stamp" | "sts" | "attributes">): string[] {
  return [
    `  happened ${time_stamp}`,
    `  received ${sts}`,
    `  ${shortened(attributesText(attributes), WIDTH - 4)}`,
  ];
}

function attributesText(attributes: StateAnswer["attributes"]): string {
  return Object.entries(attributes)
    .map(([header, value]) => `${printable(header)}=${printable(String(value))}`)
    .join(" ");
}

function printLag(lagSeconds: number | null): string {
  return lagSeconds === null ? "unknown" : `${lagSeconds} s`;
}

function indented(line: string): string {
  return shortened(`  ${line}`, WIDTH);
}

/** Breaks a sentence at spaces. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
