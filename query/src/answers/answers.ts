import { partitionOf, type Logger } from "@lastknown/shared";
import type { Freshness } from "../freshness/freshness.js";
import {
  LatestUnavailableError,
  UnreadableStateError,
  type LatestRead,
  type LatestStates,
} from "../latest/latest-states.js";
import { ViewDamagedError } from "../view/view-store.js";
import type { Answer, Provenance } from "./answer.js";
import { InvalidCursorError, ViewBehindCursorError } from "./cursor.js";
import type { ExplainQuestion, Explanation } from "./explain.js";
import type { HistoryPage, HistoryQuestion } from "./history.js";
import type { UsersPage, UsersQuestion } from "./list-users.js";
import type { Moment } from "./newest-arrival.js";
import type { OpenQuestions } from "./open-questions.js";
import { Problem } from "./problem.js";
import { UnreadableArrivalError, type UserState } from "./user-state.js";
import type { Absence, ViewAnswers } from "./view-answers.js";

/** The view as it can be asked now. */
export interface ReadyView {
  readonly answers: ViewAnswers;
}

export interface AnswersOptions {
  readonly latest: LatestStates;
  /** The view, or in words why it cannot be asked yet. */
  readonly view: () => ReadyView | string;
  readonly freshness: Freshness;
  readonly partitions: number;
  /** Told of each while it is being answered. */
  readonly questions: OpenQuestions;
  readonly logger: Logger;
}

/** Answers questions about users from the store that can, and tells which and how fresh it is. Throws Problem. */
export class Answers {
  readonly #options: AnswersOptions;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /** The latest state, from Redis; from the view where Redis cannot be asked. */
  async latest(user: string): Promise<Answer<UserState>> {
    return await this.#options.questions.during(async () => {
      const read = await this.#readLatest(user);
      return read === undefined ? await this.#state(user, {}) : await this.#answerOf(user, read);
    });
  }

  /** The state at a moment, from the view. */
  async state(user: string, moment: Moment): Promise<Answer<UserState>> {
    return await this.#options.questions.during(() => this.#state(user, moment));
  }

  async history(question: HistoryQuestion): Promise<Answer<HistoryPage>> {
    return await this.#options.questions.during(() =>
      this.#fromView(question.user, (view) => view.history(question)),
    );
  }

  async explain(question: ExplainQuestion): Promise<Answer<Explanation>> {
    return await this.#options.questions.during(() =>
      this.#fromView(question.user, (view) => view.explain(question)),
    );
  }

  async users(question: UsersQuestion): Promise<Answer<UsersPage>> {
    return await this.#options.questions.during(() =>
      this.#fromView(undefined, (view) => view.users(question)),
    );
  }

  async #state(user: string, moment: Moment): Promise<Answer<UserState>> {
    return await this.#fromView(user, (view) => view.state(user, moment));
  }

  async #readLatest(user: string): Promise<LatestRead | undefined> {
    try {
      return await this.#options.latest.read(user);
    } catch (error) {
      if (error instanceof LatestUnavailableError) return undefined;
      if (!(error instanceof UnreadableStateError)) throw error;
      this.#options.logger.error("state in redis cannot be read", { user, error });
      return undefined;
    }
  }

  async #answerOf(user: string, { state, progress }: LatestRead): Promise<Answer<UserState>> {
    const partition = this.#partitionOf(user);
    const lag = await this.#options.freshness.lagOf(partition, progress);
    const provenance: Provenance = { source: "redis", lag };
    if (state !== undefined) return { content: state, ...provenance };
    if (lag === 0 || this.#options.freshness.isEmpty(partition))
      throw absence("unknown-user", user, provenance);
    // What Redis lacks may be this user: all of it is lacking after a loss, until it is applied again.
    if (progress !== undefined && typeof this.#options.view() !== "string")
      return await this.#state(user, {});
    const detail =
      progress === undefined
        ? "nothing tells how far this user's part of Redis is applied: a worker is about to do so"
        : "this user's part of Redis is behind, and the view cannot be asked";
    throw new Problem("state-not-known-yet", detail, { provenance });
  }

  async #fromView<Content extends object>(
    user: string | undefined,
    ask: (view: ViewAnswers) => Content | Absence | Promise<Content | Absence>,
  ): Promise<Answer<Content>> {
    const view = this.#options.view();
    if (typeof view === "string") throw notReady(view);
    try {
      return await this.#askView(view, user, ask);
    } finally {
      this.#requireStill(view);
    }
  }

  /** What a view says, or throws, that was closed or emptied meanwhile is no answer. */
  #requireStill(view: ReadyView): void {
    const now = this.#options.view();
    if (now === view) return;
    throw notReady(typeof now === "string" ? now : "the view was opened anew while it was asked");
  }

  async #askView<Content extends object>(
    view: ReadyView,
    user: string | undefined,
    ask: (view: ViewAnswers) => Content | Absence | Promise<Content | Absence>,
  ): Promise<Answer<Content>> {
    // The lag is looked up first: what is folded while the answer is put together only makes it fresher.
    const { freshness } = this.#options;
    const lag =
      user === undefined
        ? await freshness.worstViewLag()
        : await freshness.viewLagOf(this.#partitionOf(user));
    const provenance: Provenance = { source: "view", lag };
    const content = await this.#ask(view.answers, ask, provenance);
    if (typeof content === "string") throw absence(content, user ?? "", provenance);
    return { content, ...provenance };
  }

  async #ask<Content>(
    view: ViewAnswers,
    ask: (view: ViewAnswers) => Content | Promise<Content>,
    provenance: Provenance,
  ): Promise<Content> {
    try {
      return await ask(view);
    } catch (cause) {
      if (cause instanceof InvalidCursorError)
        throw new Problem("invalid-parameter", cause.message, { field: "cursor", cause });
      if (cause instanceof ViewBehindCursorError)
        throw new Problem("replica-behind", cause.message, { provenance, cause });
      if (cause instanceof ViewDamagedError)
        throw new Problem("view-not-ready", cause.message, { provenance, cause });
      if (cause instanceof UnreadableArrivalError)
        throw new Problem("unreadable-event", cause.message, { provenance, cause });
      throw cause;
    }
  }

  #partitionOf(user: string): number {
    return partitionOf(Buffer.from(user), this.#options.partitions);
  }
}

function notReady(reason: string): Problem {
  return new Problem("view-not-ready", reason, { provenance: { source: "view", lag: "unknown" } });
}

function absence(kind: Absence, user: string, provenance: Provenance): Problem {
  const name = JSON.stringify(user);
  const detail =
    kind === "unknown-user"
      ? `nothing is known about user ${name}`
      : `user ${name} is known, but not yet at that moment`;
  return new Problem(kind, detail, { provenance });
}
