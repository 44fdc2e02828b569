import { bucketOf } from "@lastknown/shared";
import type { UserState } from "../answers/user-state.js";
import { LatestUnavailableError, type LatestRead, type LatestStates } from "./latest-states.js";

/** Latest states in memory, for tests. */
export class MemoryLatestStates implements LatestStates {
  readonly states = new Map<string, UserState>();
  /** Bucket → progress. */
  readonly progress = new Map<number, number>();
  unavailable = false;
  /** Takes questions and never answers them. */
  silent = false;

  async read(user: string): Promise<LatestRead> {
    await this.probe();
    return { state: this.states.get(user), progress: this.progress.get(bucketOf(Buffer.from(user))) };
  }

  probe(): Promise<void> {
    if (this.silent) return new Promise(() => undefined);
    return this.unavailable
      ? Promise.reject(new LatestUnavailableError("unavailable, as the test wants it"))
      : Promise.resolve();
  }
}
