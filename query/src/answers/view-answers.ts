import { partitionOf } from "@lastknown/shared";
import type { AnswerContext } from "./answer-context.js";
import { arrivalAt, ArrivalGoneError } from "./arrival-at.js";
import { SchemaCopies } from "../view/schema-copies.js";
import { explain, type ExplainQuestion, type Explanation } from "./explain.js";
import { history, type HistoryPage, type HistoryQuestion } from "./history.js";
import { listUsers, type UsersPage, type UsersQuestion } from "./list-users.js";
import { newestArrival, type Moment } from "./newest-arrival.js";
import { stateOf, type UserState } from "./user-state.js";

/** Why there is no state to answer with. */
export type Absence = "unknown-user" | "no-state-yet";

/** Everything that the view can be asked. It only reads the store, which must have caught up. */
export class ViewAnswers {
  readonly #context: AnswerContext;

  constructor(options: Omit<AnswerContext, "schemas">) {
    this.#context = { ...options, schemas: new SchemaCopies(options.store) };
  }

  /** The user's state at a moment; at none, the newest. */
  async state(user: string, moment: Moment): Promise<UserState | Absence> {
    return await this.#again(() => this.#state(user, moment));
  }

  async #state(user: string, moment: Moment): Promise<UserState | Absence> {
    const { store, schemas } = this.#context;
    const place = this.#placeOf(user);
    const position = await newestArrival(this.#context, place, user, moment);
    if (position === undefined) return store.hasUser(user) ? "no-state-yet" : "unknown-user";
    return stateOf(arrivalAt(store, user, position.offset), place, schemas);
  }

  /** One page of the user's arrivals. Throws InvalidCursorError, ViewBehindCursorError. */
  history(question: HistoryQuestion): HistoryPage | Absence {
    if (!this.#context.store.hasUser(question.user)) return "unknown-user";
    return history(this.#context, this.#placeOf(question.user), question);
  }

  async explain(question: ExplainQuestion): Promise<Explanation | Absence> {
    if (!this.#context.store.hasUser(question.user)) return "unknown-user";
    const place = this.#placeOf(question.user);
    return (await this.#again(() => explain(this.#context, place, question))) ?? "no-state-yet";
  }

  /** One page of the known users. Throws InvalidCursorError, ViewBehindCursorError. */
  users(question: UsersQuestion): UsersPage {
    return listUsers(this.#context, question);
  }

  /**
   * An arrival that stood in the order and is gone: either the view was emptied meanwhile, which the second look tells,
   * or it does not fit together.
   */
  async #again<Content>(ask: () => Promise<Content>): Promise<Content> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ArrivalGoneError)) throw error;
    }
    try {
      return await ask();
    } catch (error) {
      throw error instanceof ArrivalGoneError ? this.#context.store.reportDamage(error.message) : error;
    }
  }

  #placeOf(user: string): { topic: string; partition: number } {
    const { eventsTopic: topic, fleet } = this.#context;
    return { topic, partition: partitionOf(Buffer.from(user), fleet.partitions) };
  }
}
