import type { CommitOutcome, WorkerGroup } from "../group/worker-group.js";

type Commit = Parameters<WorkerGroup["commit"]>;

/**
 * The commits of one assignment. A word is said at an offset that stands already, so it must never come to the group
 * after a commit that moves the offset on: none begins while a commit is under way, and a commit waits for the word
 * that is.
 */
export class OrderedCommits {
  readonly #group: Pick<WorkerGroup, "commit">;
  #underWay = 0;
  /** Never rejects. */
  #word: Promise<unknown> | undefined;

  constructor(group: Pick<WorkerGroup, "commit">) {
    this.#group = group;
  }

  get isUnderWay(): boolean {
    return this.#underWay > 0 || this.#word !== undefined;
  }

  /** As WorkerGroup.commit. */
  async commit(...commit: Commit): Promise<CommitOutcome> {
    this.#underWay++;
    try {
      if (this.#word !== undefined) await this.#word;
      return await this.#group.commit(...commit);
    } finally {
      this.#underWay--;
    }
  }

  /** The same for a word. Not to be called while one of them is under way. */
  async say(...commit: Commit): Promise<CommitOutcome> {
    if (this.isUnderWay) throw new Error("a commit is under way");
    const said = this.#group.commit(...commit);
    this.#word = said.then(
      () => (this.#word = undefined),
      () => (this.#word = undefined),
    );
    return await said;
  }
}
