import { userIdProblem } from "@lastknown/shared";
import { parseCursor, printCursor, ViewBehindCursorError } from "./cursor.js";
import type { AnswerContext } from "./answer-context.js";

export interface UsersQuestion {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface UsersPage {
  readonly users: readonly string[];
  readonly cursor: string | null;
}

/**
 * Known users in the order of their bytes, a page at a time. Those that were known at the first page come once
 * each; of those that come up meanwhile some do.
 */
export function listUsers(context: AnswerContext, { limit, cursor: text }: UsersQuestion): UsersPage {
  const identity = ["users", context.fleet.id];
  const sourceEnds = Array.from(
    { length: context.fleet.partitions },
    (_, partition) => context.store.position(partition).sourceEnd,
  );
  const cursor = text === undefined ? undefined : parseCursor(text, identity, isUser);
  const ends = cursor?.ends ?? sourceEnds;
  if (ends.some((end, partition) => (sourceEnds[partition] ?? 0) < end)) throw new ViewBehindCursorError();

  const users: string[] = [];
  for (const user of context.store.users(cursor?.next)) {
    const last = users.at(-1);
    if (last !== undefined && users.length === limit)
      return { users, cursor: printCursor(identity, { next: last, ends }) };
    users.push(user);
  }
  return { users, cursor: null };
}

/** A longer text than any user's would not fit into the view's keys. */
function isUser(place: unknown): place is string {
  return typeof place === "string" && userIdProblem(place) === undefined;
}
