import { printJudgement, printMoment, type AnswersJudgement, type Timeline } from "@lastknown/e2e";
import { printCount, printMillis, printSeconds } from "../output/figures.js";
import { printable, shortened } from "../output/table.js";
import { paint, writeData, type Terminal } from "../output/terminal.js";
import { QueryClient, userUrl } from "../query-client/query-client.js";
import type { DemoServers } from "./demo-servers.js";
import { explainLines, latestLines, twoClocksLines } from "./print-answers.js";
import { figureLines, type Measured } from "./print-figures.js";
import type { Replayed } from "./replay-watched.js";
import { findTwoClocksQuestion } from "./two-clocks.js";

const USERS_SHOWN = 5;
/** Longest line about what is wrong. */
const WRONG_SHOWN_MAX = 1000;

/** What the demo shows, part by part, as wide as 80 columns. Answers come from the query service, over HTTP. */
export class DemoReport {
  readonly #terminal: Terminal;
  readonly #servers: DemoServers;
  readonly #client: QueryClient;

  constructor(terminal: Terminal, servers: DemoServers) {
    this.#terminal = terminal;
    this.#servers = servers;
    this.#client = new QueryClient({ host: "127.0.0.1", port: servers.queryPort });
  }

  async replayed(file: string, { summary, pace }: Replayed): Promise<void> {
    const { rows, users, late, duplicates, rejected, drift, publishSeconds } = summary;
    await this.#part("Replayed", [
      `  ${printable(file)}, ${pace}, in ${printSeconds(publishSeconds)}`,
      `  ${printCount(rows)} rows of ${printCount(users)} users: ` +
        `${printCount(late)} late, ${printCount(duplicates)} duplicate, ${printCount(rejected)} rejected`,
      ...(drift === null
        ? []
        : [
            `  sent within ${printMillis(drift.p99)} of the planned moment (p99), ${printMillis(drift.max)} at most`,
          ]),
    ]);
  }

  async latest(users: readonly string[]): Promise<void> {
    const states = [];
    for (const user of [...users].sort().slice(0, USERS_SHOWN)) states.push(await this.#client.state(user));
    await this.#part("The latest of a few users, from Redis", latestLines(states));
  }

  /** One moment for which the two clocks give different answers, and why each answer is what it is. */
  async twoClocks(timelines: ReadonlyMap<string, Timeline>): Promise<void> {
    const question = findTwoClocksQuestion(timelines);
    if (question === undefined) {
      await this.#part("One moment, two clocks", ["  no row came late: both clocks tell the same"]);
      return;
    }
    const moment = printMoment(question.moment);
    const at = await this.#client.state(question.user, { at: moment });
    const knownAt = await this.#client.state(question.user, { knownAt: moment });
    await this.#part("One moment, two clocks", twoClocksLines(question, moment, { at, knownAt }));
    const explained = await this.#client.explain(question.user, { knownAt: moment });
    await this.#part("Why the second answer (explain)", explainLines(explained));
  }

  /** @returns whether every answer was right */
  async checked({ history, latest, asOf }: AnswersJudgement): Promise<boolean> {
    const parts = [
      { judgement: history, about: "arrivals, each with its verdict" },
      { judgement: latest, about: "latest states" },
      { judgement: asOf, about: "random as-of questions on both clocks" },
    ];
    const lines = parts.map(({ judgement, about }) => {
      const isRight = judgement.right === judgement.checked;
      const text = isRight
        ? printJudgement(judgement)
        : shortened(printJudgement(judgement), WRONG_SHOWN_MAX);
      return `  ${paint(this.#terminal.data, isRight ? "green" : "red", text)}: ${about}`;
    });
    await this.#part("Checked against an independent recomputation of the file", lines);
    return parts.every(({ judgement }) => judgement.right === judgement.checked);
  }

  async figures(measured: Measured): Promise<void> {
    await this.#part("How long it took", figureLines(measured));
  }

  async addresses(users: readonly string[], ends: boolean): Promise<void> {
    if (ends) return;
    const [user = "x"] = users;
    const { workerPorts, queryOperationsPort } = this.#servers;
    const curl = (path: string): string => `  curl -s '${this.#client.address(path)}'`;
    await this.#part("Try it, until Ctrl-C", [
      curl(userUrl(user, "", {})),
      curl(userUrl(user, "/history", { limit: "3" } as Record<string, string>)),
      curl("/v1/users?limit=5"),
      `  in a browser: ${this.#client.address("/")}`,
      ...[queryOperationsPort, ...workerPorts].map((port) => `  curl -s http://127.0.0.1:${port}/metrics`),
    ]);
  }

  async #part(title: string, lines: readonly string[]): Promise<void> {
    await writeData(this.#terminal, `\n${paint(this.#terminal.data, "bold", title)}\n${lines.join("\n")}\n`);
  }
}
