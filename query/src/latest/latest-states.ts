import type { UserState } from "../answers/user-state.js";

/** What the store of latest states said about one user. */
export interface LatestRead {
  readonly state: UserState | undefined;
  /**
   * The offset up to which the user's bucket is applied; undefined where nothing tells, and then the absence of
   * a state tells nothing either. Read before the state, so the state is never older than it says.
   */
  readonly progress: number | undefined;
}

/** The newest state per user, as the workers keep it. */
export interface LatestStates {
  /** Bounded in time. Throws LatestUnavailableError, UnreadableStateError. */
  read(user: string): Promise<LatestRead>;

  /** Resolves if a read would be answered now. Throws LatestUnavailableError. */
  probe(): Promise<void>;
}

/** The store cannot be asked now. A fault of the infrastructure: the view answers meanwhile. */
export class LatestUnavailableError extends Error {
  override readonly name = "LatestUnavailableError";
}

/** What stands in the store for this user is no state of ours. */
export class UnreadableStateError extends Error {
  override readonly name = "UnreadableStateError";
}
